"""Tells all processes that what they keep of a tenant's configuration, keys and roles is out of date."""

from __future__ import annotations

from kernel.context import Ctx
from kernel.db.engine import Tx


async def touch_config(tx: Tx, ctx: Ctx) -> None:
    """Raises the tenant's config_version and notifies channel `config`, both with this transaction.

    Who listens drops the tenant at once, who polls does so within a second (ARCHITECTURE §5).
    """
    await tx.execute(
        "UPDATE kernel.tenant SET config_version = config_version + 1 WHERE id = $1", ctx.tenant_id
    )
    await tx.execute("SELECT pg_notify('config', $1)", str(ctx.tenant_id))
