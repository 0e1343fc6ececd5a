"""Receipts of a file go through billing; what stands already is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from app.imports.runner import import_file
from kernel.db.scope import scope
from tenants.imports import list_refusals
from tenants.queries import find_buyer
from tenants.rules.counts import Tally
from tests.support.import_files import a_file, shops
from tests.support.shop import open_line, open_shop

pytestmark = pytest.mark.db

RECEIPTS: Final[dict[str, Any]] = {
    "kind": "receipts",
    "fields": {
        "external_ref": {"column": "no"},
        "buyer": {"column": "buyer"},
        "amount": {"column": "amount", "decimal": ",", "thousands": "."},
        "currency": {"value": "CNY"},
        "effective_on": {"column": "on"},
        "channel": {"value": "bank_transfer"},
    },
    "delimiter": ";",
}


async def test_paid_once_however_often_it_is_imported(database: None, tmp_path: Path) -> None:
    """Nothing is owed, so it is credit balance, once."""
    shop = await open_shop()
    await shops(shop.workspace, "shop-1")
    async with scope(shop.ctx, read_only=True) as tx:
        buyer = await find_buyer(tx, shop.ctx.tenant_id, "shop-1")
    await open_line(shop.workspace, shop.product_id, buyer.id, 1_000_000)
    today = shop.today
    text = (
        f"no;buyer;amount;on\nR1;shop-1;1.234,50;{today}\nR2;nobody;1,00;{today}\nR3;shop-1;-5,00;{today}\n"
    )
    for _ in range(2):
        run = await import_file(shop.ctx, a_file(tmp_path, text), RECEIPTS, "csv")
    assert (run.counts.recorded, run.counts.repeated) == ({}, {"receipts": Tally(1, 1, 1_234_50)}), run
    async with scope(shop.ctx, read_only=True) as tx:
        refused = await list_refusals(tx, shop.ctx.tenant_id, run.id, limit=10)
    assert [(row.row_no, row.code) for row in refused] == [(2, "unknown_buyer"), (3, "not_positive")]
    assert await shop.rows("billing.buyer_balance", "credit_minor") == [(1_234_50,)]
    await shop.verify()
