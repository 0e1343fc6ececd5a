"""Each command does what its use case does, with things named the way people name them; in this process."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import typer

from app.cli import (
    buyer,
    clock,
    day_end,
    drawdown,
    explain,
    key,
    ledger,
    line,
    member,
    merchant,
    product,
    programme,
    receipt,
    verify,
)
from app.cli import tenant as tenants
from app.cli.failures import CommandError
from app.cli.output import show
from kernel.context import Actor
from kernel.errors import Forbidden
from kernel.ids import encode
from products.errors import DraftChanged
from tests.support.offers import SIXTY_DAYS
from tests.support.shop import Shop, open_shop
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop()


def drw(answer: Any) -> str:
    return str(answer.id)


async def test_who(tenant: Workspace) -> None:
    ctx = tenant.ctx()
    told = await member.add(ctx, "risk@example.com", name="Risk", roles=["risk"])
    again = await member.roles_(ctx, "risk@example.com", roles=["risk", "finance"])
    assert (again.id, again.roles) == (told.id, ["risk", "finance"])
    assert [one.email for one in await member.list_(ctx)] == ["owner@example.com", "risk@example.com"]
    issued = await key.issue(ctx, "shop", scopes=["drawdowns:write"], owner=None, expires=None)
    assert issued.secret is not None
    assert issued.secret.startswith("rk_test_")
    assert (await key.revoke(ctx, str(issued.id))).revoked_at is not None
    assert str(issued.id) in [str(one.id) for one in await key.list_(ctx)]
    made = await buyer.add(ctx, "B", owner="O", external_ref="b1")
    assert (await buyer.show(ctx, "b1")).id == (await buyer.show(ctx, str(made.id))).id == made.id
    await merchant.add(ctx, "M", external_ref="m1")
    assert [one.external_ref for one in await merchant.list_(ctx)] == ["m1"]
    assert [one.external_ref for one in await buyer.list_(ctx)] == ["b1"]


async def test_unknown_names_say_where_to_look(tenant: Workspace) -> None:
    ctx = tenant.ctx()
    for ask, says in (
        (lambda: buyer.show(ctx, "b9"), "no buyer 'b9'"),
        (lambda: buyer.show(ctx, encode("buy", uuid4())), "no buyer 'buy_"),
        (lambda: product.show(ctx, "p9"), "no product 'p9'"),
        (lambda: line.show(ctx, encode("lin", uuid4())), "no line 'lin_"),
        (lambda: line.show(ctx, "lin_1"), "is no id of a line"),
        (lambda: member.roles_(ctx, "x@example.com", roles=["risk"]), "no member 'x@example.com'"),
    ):
        with pytest.raises(CommandError) as refused:
            await ask()
        assert says in refused.value.message
        assert "tradeline" in refused.value.hint or "copy it whole" in refused.value.hint


async def test_a_product_from_file_to_published(tenant: Workspace, tmp_path: Path) -> None:
    owner, second = tenant.ctx(), tenant.ctx(actor=Actor("member", uuid4()))
    file = tmp_path / "product.json"
    file.write_text(json.dumps(SIXTY_DAYS))
    names: dict[str, Any] = {"name_zh": "六十天", "name_en": "Sixty days", "file": file}
    with pytest.raises(CommandError, match="no programme yet"):
        await product.create(owner, "sixty", **names)
    opened = await programme.open_(owner, lender="L", tenant_entity="E", currency="CNY", licence="x")
    await product.create(owner, "sixty", **names)
    await product.draft(owner, "sixty", file=file)
    with pytest.raises(DraftChanged):
        await product.publish(second, "sixty", revision=1)
    assert (await product.publish(second, "sixty")).published_version == 1
    assert [one.published_version for one in await product.list_(owner)] == [1]
    await programme.open_(owner, lender="L", tenant_entity="E", currency="USD", licence="x")
    with pytest.raises(CommandError, match="several programmes"):
        await product.create(owner, "ninety", **names)
    await product.create(owner, "ninety", **names, programme=str(opened.id))
    assert len(await programme.list_(owner)) == 2


async def test_limits(shop: Shop) -> None:
    ctx, own = shop.ctx, encode("lin", shop.line_id)
    await buyer.add(ctx, "B", owner="O", external_ref="b2")
    granted = await line.grant(ctx, buyer="b2", product="sixty-days", reason="first", amount="500.00")
    assert granted.limit_minor == 50_000
    assert (await line.raise_(ctx, own, reason="r", amount_minor=20_000_000)).limit_minor == 20_000_000
    assert (await line.cut(ctx, own, reason="r", amount="1.00")).limit_minor == 100
    assert (await line.freeze(ctx, own, reason="r")).status == "frozen"
    assert (await line.unfreeze(ctx, own, reason="r")).status == "active"
    assert (await line.close(ctx, own, reason="r")).status == "closed"
    assert (await line.show(ctx, own)).status == "closed"
    assert [str(one.id) for one in await line.list_(ctx)] == [str(granted.id), own]
    assert [str(one.id) for one in await line.list_(ctx, buyer="b2")] == [str(granted.id)]
    with pytest.raises(typer.BadParameter):
        await line.raise_(ctx, own, reason="r")


async def test_orders_and_money(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    ctx, own, seller = shop.ctx, encode("lin", shop.line_id), encode("mer", shop.merchant_id)
    made = await drawdown.authorise(ctx, line=own, merchant=seller, amount="100.00", order_ref="o1")
    assert (await drawdown.void(ctx, drw(made), amount="10.00")).held_minor == 9_000
    await drawdown.capture(ctx, drw(made), amount="40.00")
    captured = await drawdown.capture(ctx, drw(made))
    assert (captured.held_minor, captured.outstanding_minor) == (0, 9_000)
    refunded = await drawdown.refund(ctx, drw(made), amount="1.00", capture_no=2)
    assert refunded.drawdown.refunded_minor == 100
    payer = encode("buy", shop.buyer_id)
    paid = await receipt.record(ctx, buyer=payer, amount="20.00", advance=True, drawdown=drw(made))
    assert sum(part.amount_minor for part in paid.allocations) == 2_000
    assert [one.id for one in await receipt.list_(ctx)] == [paid.id]
    assert (await receipt.show(ctx, str(paid.id))).allocations == paid.allocations
    assert (await receipt.reverse(ctx, str(paid.id), reason="bounced")).status == "reversed"
    later = shop.today + timedelta(60)
    assert (await drawdown.show(ctx, drw(made), as_of=str(later))).interest_due_minor == 89
    assert [one.id for one in await drawdown.list_(ctx, buyer=payer)] == [made.id]
    assert [one.id for one in await drawdown.list_(ctx, status="voided")] == []
    assert await drawdown.charges(ctx, drw(made)) == []
    assert (await drawdown.schedule(ctx, drw(made), as_of=str(later))).total_outstanding_minor > 0
    assert (await explain.explain(ctx, drw(made), as_of=str(later))).amounts
    with pytest.raises(CommandError):
        await explain.explain(ctx, "chg_x", as_of=None)
    assert {one.kind for one in await ledger.entries(ctx, drw(made))} >= {"capture", "refund", "receipt"}
    show(await ledger.balance(ctx), as_json=False)
    assert "89.00 CNY" in capsys.readouterr().out
    await shop.verify()


async def test_a_buyer_without_a_line_has_no_currency(shop: Shop) -> None:
    await buyer.add(shop.ctx, "B", owner="O", external_ref="b2")
    with pytest.raises(CommandError, match="has no line"):
        await receipt.record(shop.ctx, buyer="b2", amount="1.00")


async def test_days(shop: Shop) -> None:
    slug = shop.workspace.opened.slug
    await shop.draw(1_000_000)
    assert (await clock.show(shop.ctx)).business_on == shop.today
    assert (await clock.advance(shop.ctx, "+60d")).days_ended == 60
    shop.today += timedelta(60)
    moved = await clock.advance(shop.ctx, to=f"{shop.today + timedelta(1)}T10:00:00+08:00")
    assert moved.business_on == shop.today + timedelta(1)
    (ended,) = (await day_end.run(slug)).data
    assert (ended.through_on, ended.error) == (shop.today + timedelta(1), None)
    other = await day_end.run(slug, on="2027-01-01")
    assert other.failed
    assert other.data[0].error == f"the business date is {shop.today + timedelta(1)}"
    told = await verify.verify(slug, everything=True)
    assert (told.failed, told.books[0].drawdowns) == (False, 1)
    for step, to in ((None, None), ("+1d", "2027-06-01")):
        with pytest.raises(typer.BadParameter):
            await clock.advance(shop.ctx, step, to=to)


async def test_a_broken_book_is_told_and_fails(
    shop: Shop, admin_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.draw(1_000_000)
    superuser = await asyncpg.connect(admin_url)
    await superuser.execute(
        "UPDATE billing.line SET outstanding_minor = outstanding_minor + 1 WHERE tenant_id = $1",
        shop.workspace.id,
    )
    await superuser.close()
    told = await verify.verify(shop.workspace.opened.slug, everything=True)
    assert told.failed
    show(told, as_json=False)
    assert "1000001" in capsys.readouterr().out


async def test_a_member_may_only_what_the_roles_say(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await buyer.add(tenant.ctx(permissions=frozenset({"buyers:read"})), "B", owner="O")


async def test_tenants(tenant: Workspace) -> None:
    assert tenant.opened.slug in [one.slug for one in await tenants.list_(None)]
    assert (await tenants.show(tenant.ctx())).business_on == date(2027, 3, 1)
