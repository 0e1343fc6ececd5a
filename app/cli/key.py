"""API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands import command, group
from app.cli.member import Limit
from app.cli.named import identified
from app.cli.values import instant
from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.issue_key import IssueKey, issue_key
from tenants.queries import list_keys
from tenants.revoke_key import RevokeKey, revoke_key
from tenants.schemas import KeyView, key_view

app = group("API keys of a tenant or of its members.")


@command(app, "issue")
async def issue(
    ctx: Ctx,
    name: Annotated[str, typer.Argument(help="What it is for")],
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help="A permission, as drawdowns:write; repeat. All without one"),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--member", metavar="mem_…", help="The key acts as this member, with its roles"),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires-at", metavar="INSTANT", help="As 2027-12-31T00:00:00Z")
    ] = None,
) -> KeyView:
    """Make a key. Its secret is shown now and never again."""
    command = IssueKey(
        name=name,
        scopes=tuple(scopes or ("*",)),
        member_id=identified("member", "mem", owner) if owner else None,
        expires_at=instant(expires),
    )
    issued = await issue_key(ctx, command)
    return key_view(ctx, issued.key, issued.secret)


@command(app, "revoke")
async def revoke(
    ctx: Ctx, key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, key_…")]
) -> KeyView:
    """End a key for good; everywhere within a second."""
    return key_view(ctx, await revoke_key(ctx, RevokeKey(key_id=identified("key", "key", key))))


@command(app, "list", columns=("id", "hint", "name", "scopes", "member_id", "expires_at", "revoked_at"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[KeyView]:
    """Keys in the order of their making, without their secrets."""
    async with scope(ctx, read_only=True) as tx:
        return [key_view(ctx, one) for one in await list_keys(tx, ctx.tenant_id, limit=limit)]
