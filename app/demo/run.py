"""The demo from start to end: servers up, database ready, platforms open, stories told, books verified.

Whatever stands already is found and left as it is; what was interrupted goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec
import uvloop
from msgspec.structs import asdict

from app.demo import book
from app.demo.desk import Desk, side_by_side
from app.demo.errors import DemoError
from app.demo.keyring import FILE, Keyring
from app.demo.orders.model import FIRST_DAY, PRODUCT
from app.demo.orders.reader import OrderFile, read_orders
from app.demo.orders.run import OrderRun
from app.demo.orders.summary import SOURCE, summary
from app.demo.platforms import Opened, Platform, open_workspace
from app.demo.story.plan import VERTICALS
from app.demo.story.play import Story
from app.progress import Stages
from billing.commit_queue import start_queue, stop_queue
from billing.verify_book import VerifyBook, verify_book
from kernel.db.engine import close_database, open_database
from kernel.db.roles import prepare_database
from kernel.db.scope import scope
from kernel.serve import Stack, start_stack
from kernel.serve.stack import remove_data
from kernel.settings import Settings

SIMULATED: Final = "the platforms, buyers, orders and payments of the story are simulated (seeded)"
POOL_SIZE: Final = 16
_SHOWN: Final = 5


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """With what an order can be tried: a test tenant and its line with the most room."""

    workspace: Opened
    line_id: UUID


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """`workspaces`: all tenants of the demo, live and test; `summary`: what `--json` prints."""

    workspaces: tuple[Opened, ...]
    summary: dict[str, Any]
    example: Example


def _refuse(settings: Settings, *, fresh: bool) -> None:
    if settings.env == "production":
        raise DemoError("the demo opens platforms of its own: not in production", "unset TRADELINE_ENV")
    if fresh and settings.database_url is not None:
        raise DemoError(
            "--fresh removes embedded data only, and DATABASE_URL names a database of your own",
            "empty that database yourself, or unset DATABASE_URL",
        )


def find_file(settings: Settings, named: Path) -> Path:
    """The order file as named, or of that name among the order files."""
    beside = settings.data / named
    return beside if not named.exists() and beside.exists() else named


@contextmanager
def play_demo(settings: Settings, *, orders: Path | None, fresh: bool, stages: Stages) -> Iterator[Played]:
    """The demo, played; its servers run until the context ends. Raises DemoError, ServeError, DomainError."""
    _refuse(settings, fresh=fresh)
    file = None
    if orders is not None:
        path = find_file(settings, orders)
        with stages.stage(f"reading {path.name}"):
            file = _File(_slug(path), read_orders(path))
    if fresh:
        remove_data(settings.home)
        (settings.home / FILE).unlink(missing_ok=True)
    with stages.stage("PostgreSQL and Valkey"):
        stack = start_stack(settings)
    with stack:
        with _alone(settings.home), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                played = runner.run(_play(stack, settings, file, stages))
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None
        yield played


class _File(msgspec.Struct, frozen=True):
    slug: str
    content: OrderFile


async def _play(stack: Stack, settings: Settings, file: _File | None, stages: Stages) -> Played:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with stages.stage("database"):
        prepared = await prepare_database(stack.admin_url, stack.secret_key)
        url = stack.app_url or prepared
        await open_database(url, stack.secret_key, size=POOL_SIZE)
    try:
        await start_queue(url)
        return await _tell(Keyring(settings.home), file, stages)
    finally:
        await stop_queue()
        await close_database()


class _Shop(msgspec.Struct, frozen=True):
    """A platform's tenants, and a member at work in the test one."""

    live: Opened
    test: Opened
    desk: Desk


async def _tell(keyring: Keyring, file: _File | None, stages: Stages) -> Played:
    """Both stories side by side, then the orders."""
    with stages.stage("platforms"):
        shops = [await _open(vertical.platform, keyring) for vertical in VERTICALS]
        stories = [
            Story(shop.desk, vertical, shop.test, stages)
            for shop, vertical in zip(shops, VERTICALS, strict=True)
        ]
        await side_by_side((story, story.play) for story in stories)
    told: dict[str, Any] = {"simulated": SIMULATED, "keys_file": str(keyring.path)}
    told["platforms"] = {}
    for shop in shops:
        sums, verified = await _report(shop, stages)
        told["platforms"][shop.test.slug] = asdict(sums) | {"verified_drawdowns": verified}
    ctx = shops[0].desk.ctx
    async with scope(ctx, read_only=True) as tx:
        example = Example(workspace=shops[0].test, line_id=await book.roomiest_line(tx, ctx))
    if file is not None:
        began = monotonic()
        shops.append(shop := await _open(order_platform(file.slug), keyring))
        found = await OrderRun(shop.desk, file.content, shop.test, stages).play()
        sums, verified = await _report(shop, stages)
        told |= summary(file.content, found, sums, verified, monotonic() - began)
    workspaces = tuple(workspace for shop in shops for workspace in (shop.live, shop.test))
    return Played(workspaces=workspaces, summary=told, example=example)


async def _open(platform: Platform, keyring: Keyring) -> _Shop:
    live = await open_workspace(platform, "live", keyring)
    test = await open_workspace(platform, "test", keyring)
    desk = Desk(test.slug, platform.owner)
    await desk.sit_down()
    return _Shop(live, test, desk)


async def _report(shop: _Shop, stages: Stages) -> tuple[book.Sums, int]:
    """The sums of its test tenant's book, and how many drawdowns of it were verified: all.

    Raises DemoError where anything differs.
    """
    desk, slug = shop.desk, shop.test.slug
    done = 0
    with stages.stage(f"{slug}: verifying the book") as tell:

        def told(so_far: int) -> None:
            nonlocal done
            tell(so_far - done)
            done = so_far

        verified = await verify_book(desk.ctx, VerifyBook(everything=True, progress=told))
    if not verified.clean:
        first = [
            f"{one.object}: {one.what} is {one.stored}, expected {one.expected}"
            for one in verified.differences[:_SHOWN]
        ]
        raise DemoError(
            f"the book of {slug} is not right in {len(verified.differences)} places: " + "; ".join(first),
            f"tradeline --tenant {slug} verify --all shows every one",
        )
    stages.show(f"{slug}: book verified: {verified.drawdowns:,} drawdowns")
    async with scope(desk.ctx, read_only=True) as tx:
        return await book.sums(tx, desk.ctx, desk.today), verified.drawdowns


def order_platform(slug: str) -> Platform:
    """The platform of an order file; named after its source, which it credits."""
    return Platform(
        slug=slug,
        name=f"{SOURCE}; payments simulated",
        timezone="Europe/London",
        locale="en",
        lender="Example Lender (simulated)",
        entity="Example Wholesaler Platform (simulated)",
        currency="GBP",
        product_code="giftware-30",
        product_zh="礼品批发白条 30 天",
        product_en="Giftware IOU, 30 days",
        document=PRODUCT,
        merchants=("The wholesaler",),
        opens_on=FIRST_DAY - timedelta(1),
    )


def _slug(path: Path) -> str:
    """Another file is another platform; the same one is found again, whatever it is called."""
    try:
        with path.open("rb") as file:
            return f"online-retail-{hashlib.file_digest(file, 'sha256').hexdigest()[:6]}"
    except OSError as error:
        raise DemoError(f"{path}: {error.strerror}", "look at the path after --orders") from None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One demo at a time tells its stories."""
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DemoError(f"another demo is at work in {home}", "wait until it serves, or stop it") from None
    finally:
        os.close(lock)
