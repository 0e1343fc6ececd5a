"""A day at a shop on the command line, as processes of their own: what they print and how they end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import date
from typing import Any, Final

import msgspec
import pytest

from kernel.ids import encode
from kernel.serve import Stack
from tests.billing.test_cycles import MONTHLY
from tests.kernel.serve.conftest import fresh_home
from tests.support.shop import open_shop
from tests.support.tenants import new_slug

pytestmark = pytest.mark.db
COMMAND: Final = (sys.executable, "-c", "from app.cli import main; main()")


class Shell(msgspec.Struct):
    """Calls `tradeline` with an environment of its own."""

    environ: dict[str, str]
    tenant: str = ""

    async def __call__(self, *words: str, code: int = 0) -> str:
        """Standard output of a command that must end with `code`; of a failing one standard error."""
        here = ("--tenant", self.tenant) if self.tenant else ()
        done = await asyncio.to_thread(
            subprocess.run,
            [*COMMAND, *here, *words],
            capture_output=True,
            text=True,
            check=False,
            env=self.environ,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    async def json(self, *words: str) -> Any:
        return json.loads(await self(*words, "--json"))


def surroundings(**given: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRADELINE_") and name not in ("DATABASE_URL", "REDIS_URL")
    }
    return kept | given


@pytest.fixture
def shell(stack: Stack, admin_url: str, app_url: str, database: None) -> Shell:
    return Shell(
        surroundings(
            DATABASE_URL=app_url,
            TRADELINE_ADMIN_DATABASE_URL=admin_url,
            REDIS_URL=stack.redis_url,
            TRADELINE_SECRET_KEY=stack.secret_key,
        )
    )


async def test_an_order_from_authorisation_to_a_verified_book(shell: Shell) -> None:
    shop = await open_shop(limit_minor=5_000_000)
    shell.tenant = shop.workspace.opened.slug
    line, merchant = encode("lin", shop.line_id), encode("mer", shop.merchant_id)
    order = ("drawdown", "authorise", "--line", line, "--merchant", merchant, "--amount")
    drawdown = (await shell.json(*order, "10000.00"))["id"]
    assert "limit_exceeded" in await shell(*order, "40000.01", code=1)
    await shell("drawdown", "capture", drawdown)
    assert (await shell.json("clock", "advance", "+60d"))["business_on"] == "2027-04-30"
    buyer = encode("buy", shop.buyer_id)
    receipt = await shell.json("receipt", "record", "--buyer", buyer, "--amount", "10500.00")
    assert receipt["excess_minor"] == 40_000
    shown = await shell("drawdown", "show", drawdown)
    assert "closed" in shown
    assert "10,000.00 CNY" in shown
    assert await shell.json("verify", "--all") == {
        "books": [{"tenant": shell.tenant, "drawdowns": 1, "clean": True}],
        "differences": [],
    }


async def test_statements_are_listed_shown_and_previewed(shell: Shell) -> None:
    shop = await open_shop(MONTHLY)
    shell.tenant = shop.workspace.opened.slug
    await shop.draw(100_000)
    line = encode("lin", shop.line_id)
    preview = await shell.json("statement", "preview", line)
    assert (preview["number"], preview["closing_minor"]) == (None, 100_000)
    await shop.go(date(2027, 4, 1))
    (listed,) = await shell.json("statement", "list", "--line", line, "--from", "2027-04-01")
    assert (listed["number"], listed["closing_minor"], listed["lines"]) == ("S-2027-000001", 100_000, None)
    assert await shell.json("statement", "list", "--to", "2027-03-31") == []
    shown = await shell("statement", "show", listed["id"])
    assert "S-2027-000001" in shown
    assert "1,000.00 CNY" in shown
    (told,) = (await shell.json("statement", "show", listed["id"]))["lines"]
    why = await shell("explain", told["id"])
    assert "1,000.00 CNY" in why
    assert "captured" in why
    assert "not_found" in await shell("statement", "show", encode("stm", shop.line_id), code=1)


async def test_a_tenant_opens_and_who_may_not_is_told(shell: Shell) -> None:
    slug = new_slug()
    words = ("tenant", "open", slug, "--name", "N", "--email", "o@example.com", "--starts-on", "2027-03-01")
    live, test = await shell.json(*words)
    assert (live["slug"], test["slug"]) == (slug, f"{slug}-test")
    assert live["secret"].startswith("sk_live_")
    again = await shell("--json", *words, code=1)
    assert json.loads(again)["error"]["code"] == "tenant_exists"
    shell.tenant = f"{slug}-test"
    await shell("member", "add", "s@example.com", "--name", "S", "--role", "support")
    told = await shell("buyer", "add", "B", "--owner", "O", "--as", "s@example.com", code=1)
    assert "error: Not permitted (forbidden)" in told
    assert "buyers:write" in told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"},
            "DATABASE_URL",
        ),
        ({"TRADELINE_PORT": "lots", "TRADELINE_PROT": "1"}, "TRADELINE_PROT is not a variable"),
        ({"TRADELINE_HOME": "/proc/nowhere"}, "/proc/nowhere"),
    ],
)
async def test_what_is_missing_around_ends_with_3(given: dict[str, str], says: str) -> None:
    told = await Shell(surroundings(**given))("tenant", "list", code=3)
    assert says in told
    assert told.startswith("error: ")
    assert "Traceback" not in told


async def test_servers_of_its_own_are_gone_when_it_ends() -> None:
    with fresh_home() as fresh:
        shell = Shell(surroundings(TRADELINE_HOME=str(fresh.home)))
        assert await shell.json("tenant", "list") == []
        assert "no tenant yet" in await shell("buyer", "list", code=1)
        assert [path.name for path in fresh.home.rglob("*.pid")] == []
