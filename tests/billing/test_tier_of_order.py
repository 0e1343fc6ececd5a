"""The tier and the party of an order are the buyer's own: moved by a review, seen by the next order."""

from __future__ import annotations

from decimal import Decimal
from time import monotonic_ns
from typing import Any

import pytest

from billing import known
from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.convert_to_instalments import ConvertToInstalments, convert_to_instalments
from billing.quotes import QuoteOrder, quote_order
from kernel.db.scope import scope
from kernel.errors import NotFound
from products import queries
from products.queries import published
from products.review_tiers import ReviewTiers, review_tiers
from products.rules.product import Choice
from products.rules.terms import Terms, decode_terms
from tenants.update_buyer import UpdateBuyer, update_buyer
from tests.support.shop import Shop, open_shop
from tests.support.tenants import open_workspace
from tests.support.tiers import BASIC, GOLD, TIERED, store_facts

PLAIN, BETTER = Decimal("0.0005"), Decimal("0.0004")


@pytest.fixture
async def tiered(database: None) -> Shop:
    return await open_shop(TIERED)


async def review(shop: Shop, **facts: Any) -> None:
    await store_facts(shop.workspace, shop.buyer_id, shop.today, **facts)
    await review_tiers(shop.ctx, ReviewTiers(product_id=shop.product_id))


async def terms_of(shop: Shop, amount_minor: int = 10_000, **more: Any) -> Terms:
    drawn = await shop.authorise(amount_minor, **more)
    columns = "document"
    where = "id = (SELECT terms_id FROM billing.drawdown WHERE tenant_id = $1 AND id = $2)"
    ((document,),) = await shop.rows("billing.terms", columns, where, drawn.id)
    return decode_terms(document.encode())


async def test_an_order_has_the_terms_of_the_buyers_tier(tiered: Shop) -> None:
    assert (await terms_of(tiered)).daily_rate == PLAIN
    await review(tiered, **GOLD)
    assert (await terms_of(tiered)).daily_rate == BETTER
    assert (await terms_of(tiered, external_ref="o-1")).daily_rate == BETTER
    await review(tiered, **BASIC)
    assert (await terms_of(tiered)).daily_rate == PLAIN


async def test_another_buyer_keeps_its_own(tiered: Shop) -> None:
    other = await tiered.with_another_buyer()
    await review(tiered, **GOLD)
    assert (await terms_of(other)).daily_rate == PLAIN
    assert (await terms_of(tiered)).daily_rate == BETTER


async def test_nobody_names_a_tier_or_a_party_of_the_buyer(tiered: Shop) -> None:
    gold = Choice(tier="gold", party="large_company")
    assert (await terms_of(tiered, choice=gold)).daily_rate == PLAIN


async def test_in_steady_state_nothing_is_read(tiered: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await review(tiered, **GOLD)
    await tiered.authorise(10_000)

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a scope is opened")

    monkeypatch.setattr("billing.authorise_order.scope", opened)
    assert (await tiered.authorise(10_000)).id


async def test_another_process_follows_within_a_second(tiered: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    nanoseconds = monotonic_ns()
    monkeypatch.setattr(queries, "monotonic_ns", lambda: nanoseconds)
    monkeypatch.setattr("products.review_tiers.forget_offer", lambda ctx, product_id: None)
    assert (await terms_of(tiered)).daily_rate == PLAIN
    await review(tiered, **GOLD)
    assert (await terms_of(tiered)).daily_rate == PLAIN
    nanoseconds += 10**9
    assert (await terms_of(tiered)).daily_rate == BETTER
    owner = known.known_owner(tiered.ctx, tiered.line_id)
    assert owner is not None
    assert owner.tier == "gold"


async def test_another_buyers_order_does_not_hide_the_move(
    tiered: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It renews the product, not what is known of this line."""
    nanoseconds = monotonic_ns()
    monkeypatch.setattr(queries, "monotonic_ns", lambda: nanoseconds)
    other = await tiered.with_another_buyer()
    assert [(await terms_of(shop)).daily_rate for shop in (tiered, other)] == [PLAIN, PLAIN]
    await review(tiered, **GOLD)
    assert [(await terms_of(shop)).daily_rate for shop in (other, tiered)] == [PLAIN, BETTER]


async def test_a_changed_party_is_seen(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a lender whose law binds natural persons and companies differently only the party changes."""
    shop = await open_shop(TIERED)
    nanoseconds = monotonic_ns()
    monkeypatch.setattr(queries, "monotonic_ns", lambda: nanoseconds)
    await shop.authorise(10_000)
    assert _party(shop) == "company"
    await update_buyer(shop.ctx, UpdateBuyer(buyer_id=shop.buyer_id, version=1, party_type="sole_trader"))
    nanoseconds += 10**9
    await shop.authorise(10_000)
    assert _party(shop) == "sole_trader"


def _party(shop: Shop) -> str:
    owner = known.known_owner(shop.ctx, shop.line_id)
    assert owner is not None
    return owner.party


async def test_a_quote_for_a_buyer_has_its_tier(tiered: Shop) -> None:
    await review(tiered, **GOLD)

    async def cost(**more: Any) -> int:
        command = QuoteOrder(product_id=tiered.product_id, amount_minor=1_000_000, **more)
        return (await quote_order(tiered.ctx, command)).total_cost_minor

    assert (await cost(), await cost(buyer_id=tiered.buyer_id)) == (10_000, 8_000)
    stranger = await open_shop(TIERED)
    with pytest.raises(NotFound):
        await cost(buyer_id=stranger.buyer_id)


async def test_a_conversion_has_the_buyers_tier(database: None) -> None:
    monthly = TIERED | {
        "repayment": {"form": "equal_instalment", "instalments": [1, 3]},
        "due_dates": {"rule": "periods"},
        "price": {"daily_rate": "0.0005"},
    }
    shop = await open_shop(monthly)
    debt = await shop.draw(300_000)
    await review(shop, **GOLD)
    command = ConvertToInstalments(drawdown_id=debt, instalment_nos=(1,), choice=Choice(instalments=3))
    done = await convert_to_instalments(shop.ctx, command)
    ((document,),) = await shop.rows(
        "billing.terms", "document",
        "id = (SELECT terms_id FROM billing.drawdown WHERE tenant_id = $1 AND id = $2)", done.conversion.id,
    )  # fmt: skip
    assert decode_terms(document.encode()).daily_rate == BETTER


async def test_a_campaign_and_a_category_come_with_the_order(database: None) -> None:
    spring = {"campaign": {"spring": {"price": {"daily_rate": "0.0001"}}}}
    shop = await open_shop(TIERED | {"overrides": spring})
    assert (await terms_of(shop, choice=Choice(campaign="spring"))).daily_rate == Decimal("0.0001")


async def test_a_strangers_line_is_not_there(tiered: Shop) -> None:
    stranger = await open_workspace()
    command = AuthoriseOrder(
        line_id=tiered.line_id, merchant_id=tiered.merchant_id, amount_minor=1, currency="CNY"
    )
    with pytest.raises(NotFound):
        await authorise_order(stranger.ctx(), command)
    async with scope(tiered.ctx, read_only=True) as tx:
        assert (await published(tx, tiered.ctx, tiered.product_id)).version == 1
