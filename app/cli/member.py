"""People of a tenant."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.commands import command, group
from app.cli.failures import CommandError
from kernel.context import Ctx
from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.ids import InvalidId, decode
from tenants.add_member import AddMember, add_member
from tenants.queries import Member, find_member, list_members, read_member
from tenants.schemas import MemberView, member_view
from tenants.set_member_roles import SetMemberRoles, set_member_roles

app = group("People of a tenant, and what they may do.")

Roles = Annotated[
    list[str], typer.Option("--role", help="owner, admin, risk, credit_officer, finance, …; repeat")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most")]


@command(app, "add")
async def add(
    ctx: Ctx,
    email: Annotated[str, typer.Argument(help="The e-mail address, by which --as finds the member")],
    name: Annotated[str, typer.Option(help="The person's name")],
    roles: Roles,
) -> MemberView:
    """Let a person in."""
    return member_view(ctx, await add_member(ctx, AddMember(email=email, name=name, roles=tuple(roles))))


@command(app, "roles")
async def roles_(
    ctx: Ctx, who: Annotated[str, typer.Argument(help="E-mail address or id")], roles: Roles
) -> MemberView:
    """Give a member these roles, and no others."""
    found = await _member(ctx, who)
    command = SetMemberRoles(member_id=found.id, version=found.version, roles=tuple(roles))
    return member_view(ctx, await set_member_roles(ctx, command))


@command(app, "list", columns=("id", "email", "name", "roles"))
async def list_(ctx: Ctx, limit: Limit = 100) -> list[MemberView]:
    """Members in the order of their coming."""
    async with scope(ctx, read_only=True) as tx:
        return [member_view(ctx, one) for one in await list_members(tx, ctx.tenant_id, limit=limit)]


async def _member(ctx: Ctx, who: str) -> Member:
    try:
        async with scope(ctx, read_only=True) as tx:
            try:
                return await read_member(tx, ctx.tenant_id, decode("mem", who))
            except InvalidId:
                return await find_member(tx, ctx.tenant_id, who)
    except NotFound:
        raise CommandError(f"this tenant has no member {who!r}", "list them: tradeline member list") from None
