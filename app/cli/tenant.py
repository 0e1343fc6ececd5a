"""Platforms' tenants."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import typer

from app.cli.commands import across, command, group
from app.cli.values import day
from app.context import context_of_operator
from kernel.clock import opening
from kernel.context import Ctx, Mode
from kernel.db.scope import scope, unscoped
from kernel.ids import encode
from tenants.open_tenant import OpenTenant, open_tenant
from tenants.queries import list_tenants, read_tenant
from tenants.schemas import TenantView, tenant_view

app = group("Platforms' live and test tenants.")


class Opened(msgspec.Struct):
    """`secret`: the tenant's first key, shown now and never again."""

    id: str
    slug: str
    mode: Mode
    owner: str
    key: str
    secret: str


class Listed(msgspec.Struct):
    slug: str
    mode: Mode
    name: str
    timezone: str
    id: str


@across(app, "open", columns=("slug", "mode", "owner", "secret"))
async def open_(
    tenant: str | None,
    slug: Annotated[str, typer.Argument(help="The platform: small letters, digits, hyphens")],
    name: Annotated[str, typer.Option(help="The platform's name")],
    email: Annotated[str, typer.Option(help="E-mail address of the owner, the first member")],
    owner: Annotated[str, typer.Option(help="The owner's name")] = "Owner",
    mode: Annotated[Literal["both", "live", "test"], typer.Option(help="Which of the two tenants")] = "both",
    timezone: Annotated[str, typer.Option(help="IANA name; fixed for ever")] = "Asia/Shanghai",
    cut_off: Annotated[str, typer.Option(metavar="HH:MM", help="When the business date rolls")] = "00:00",
    locale: Annotated[Literal["zh-CN", "en"], typer.Option(help="Language of its pages")] = "zh-CN",
    starts_on: Annotated[
        str | None,
        typer.Option(
            "--starts-on", metavar="YYYY-MM-DD", help="First day of the test tenant's clock; today without"
        ),
    ] = None,
) -> list[Opened]:
    """Open a platform's tenants; each gets its owner and a first key, shown once."""
    rolls_at = _time(cut_off)
    command = OpenTenant(
        slug=slug,
        name=name,
        timezone=timezone,
        cut_off=rolls_at,
        locale=locale,
        email=email,
        owner_name=owner,
    )
    modes: tuple[Mode, ...] = ("live", "test") if mode == "both" else (mode,)
    return [await _open(one, command, day(starts_on)) for one in modes]


@across(app, "list")
async def list_(tenant: str | None) -> list[Listed]:
    """All tenants on this database."""
    async with unscoped() as tx:
        found = await list_tenants(tx)
    return [
        Listed(slug=one.slug, mode=one.mode, name=one.name, timezone=one.timezone, id=_id("tnt", one.id))
        for one in found
    ]


@command(app, "show")
async def show(ctx: Ctx) -> TenantView:
    """One tenant with its clock and business date."""
    async with scope(ctx, read_only=True) as tx:
        return tenant_view(ctx, await read_tenant(tx, ctx.tenant_id))


async def _open(mode: Mode, command: OpenTenant, starts_on: date | None) -> Opened:
    now = opening(starts_on, command.timezone, command.cut_off) if starts_on else None
    ctx = context_of_operator(mode, command.timezone, command.cut_off, now)
    opened = await open_tenant(ctx, command)
    return Opened(
        id=_id("tnt", opened.tenant_id),
        slug=opened.slug,
        mode=mode,
        owner=_id("mem", opened.member_id),
        key=_id("key", opened.key_id),
        secret=opened.secret,
    )


def _id(prefix: str, value: UUID) -> str:
    return encode(prefix, value)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time of day: write it as 06:00") from None
