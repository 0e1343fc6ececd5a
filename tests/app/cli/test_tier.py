"""Facts and tiers from the command line."""

from __future__ import annotations

import pytest
import typer

from app.cli import facts, tier
from app.cli.output import show
from tests.support.shop import Shop, open_shop
from tests.support.tiers import GOLD, TIERED, store_facts

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    return await open_shop(TIERED, limit_minor=100_000)


async def test_facts_computed_and_shown(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    buyer = str((await tier.show(shop.ctx, _id(shop))).buyer_id)
    assert (await facts.show(shop.ctx, buyer)).currencies == []
    assert (await facts.compute(shop.ctx)).rows == 1
    told = await facts.show(shop.ctx, buyer)
    assert told.currencies[0].facts["limit_use_bp"] == 0
    show(told, as_json=True)
    assert '"limit_use_bp": 0' in capsys.readouterr().out


async def test_a_review_dry_then_with_limits(shop: Shop) -> None:
    await store_facts(shop.workspace, shop.buyer_id, **GOLD)
    dry = await tier.review(shop.ctx, product="sixty-days", dry_run=True)
    assert (dry.review.id, dry.review.moved, dry.limits) == (None, 1, None)
    with pytest.raises(typer.BadParameter):
        await tier.review(shop.ctx, product="sixty-days", dry_run=True, decide=True)
    done = await tier.review(shop.ctx, product="sixty-days", decide=True, reason="first")
    assert done.limits is not None
    assert done.limits.decided == {"raise": 1}
    (found,) = (await tier.show(shop.ctx, _id(shop))).tiers
    assert (found.tier, found.moves[0].reason) == ("gold", "first")


def _id(shop: Shop) -> str:
    from kernel.ids import encode

    return encode("buy", shop.buyer_id)
