"""What a command works in: servers joined or started, the database open, a context of tenant and member."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from app.cli.failures import CommandError
from app.context import context_of_member, context_of_system
from kernel import log
from kernel.context import Ctx
from kernel.db.engine import close_database, open_database
from kernel.db.roles import app_url, prepare_database
from kernel.db.scope import scope, unscoped
from kernel.errors import NotFound
from kernel.ids import InvalidId, decode
from kernel.serve import start_stack
from kernel.settings import Settings, load_settings
from tenants.queries import find_tenant, list_tenants, read_member
from tenants.rules.roles import VOCABULARY

POOL_SIZE: Final = 6


@asynccontextmanager
async def prepared(settings: Settings) -> AsyncIterator[Settings]:
    """Settings with the addresses of servers that run: joined, or started for as long as the command lasts.

    An embedded database is brought up to date first; one of your own only by `tradeline migrate`.
    """
    with start_stack(settings) as stack:
        if settings.database_url is None:
            url = await prepare_database(stack.admin_url, stack.secret_key)
        else:
            url = stack.app_url or app_url(stack.admin_url, stack.secret_key)
        yield replace(settings, database_url=url, redis_url=stack.redis_url, secret_key=stack.secret_key)


@asynccontextmanager
async def database() -> AsyncIterator[None]:
    """The database open, as the application's role."""
    log.configure("warning")
    async with prepared(load_settings(os.environ)) as settings:
        assert settings.database_url
        assert settings.secret_key
        await open_database(settings.database_url, settings.secret_key, size=POOL_SIZE)
        try:
            yield
        finally:
            await close_database()


async def context(tenant: str | None, member: str | None) -> Ctx:
    """As the named member with that member's roles; without one, as the operator at this machine.

    Raises CommandError where the tenant or member is not there, or where a tenant must be named.
    """
    slug = tenant or await _only_tenant()
    try:
        if member is None:
            return await context_of_system(slug, VOCABULARY)
        return await context_of_member(slug, await _email(slug, member))
    except NotFound:
        raise await _unknown(slug, member) from None


async def slugs() -> list[str]:
    """Of all open tenants."""
    async with unscoped() as tx:
        return [tenant.slug for tenant in await list_tenants(tx)]


async def _only_tenant() -> str:
    found = await slugs()
    if not found:
        raise CommandError("there is no tenant yet", "open one: tradeline tenant open SLUG --name NAME …")
    if len(found) > 1:
        raise CommandError("there are several tenants", f"name one with --tenant: {', '.join(found)}")
    return found[0]


async def _email(slug: str, member: str) -> str:
    """Of a member named by id or by e-mail address."""
    try:
        member_id = decode("mem", member)
    except InvalidId:
        return member
    ctx = await context_of_system(slug)
    async with scope(ctx, read_only=True) as tx:
        return (await read_member(tx, ctx.tenant_id, member_id)).email


async def _unknown(slug: str, member: str | None) -> CommandError:
    try:
        async with unscoped() as tx:
            await find_tenant(tx, slug)
    except NotFound:
        return CommandError(f"there is no tenant {slug!r}", "list them: tradeline tenant list")
    return CommandError(
        f"{slug} has no member {member!r}", f"list them: tradeline member list --tenant {slug}"
    )
