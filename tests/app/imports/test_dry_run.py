"""Everything but the writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.imports.dry_run import try_file
from kernel.db.scope import scope
from tenants.rules.counts import Tally
from tests.support.import_files import ORDERS, ROWS, a_file, shops
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


async def test_it_says_what_would_be_and_writes_nothing(tenant: Workspace, tmp_path: Path) -> None:
    await shops(tenant)
    text = ROWS + "A9,shop-9,2027-02-20 10:00:00,cotton,1,1.00\n"
    tried = await try_file(tenant.ctx(), a_file(tmp_path, text), ORDERS, "csv")
    assert tried.counts.recorded == {"orders": Tally(1, 2, 3_38), "returns": Tally(1, 1, 13)}
    assert [(one.row[0], one.code) for one in tried.refused] == [(6, "unknown_buyer")]
    async with scope(tenant.ctx(), read_only=True) as tx:
        for table in ("trade_order", "trade_return", "import_run", "import_refusal"):
            assert not await tx.fetchval(
                f"SELECT count(*) FROM tenants.{table} WHERE tenant_id = $1", tenant.id
            )
