"""The simulated story of a platform: told whole, or broken off and gone on with, it comes to the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.demo import book
from app.demo.desk import Desk
from app.demo.keyring import Keyring
from app.demo.platforms import open_workspace
from app.demo.story.plan import PET_SUPPLIES
from app.demo.story.play import Story
from billing.verify_book import VerifyBook, verify_book
from kernel.db.scope import scope
from tests.app.demo.interruptions import Interrupted, breaking_off, quiet
from tests.support.tenants import new_slug

pytestmark = [pytest.mark.db, pytest.mark.scenario]


async def tell(slug: str, home: Path) -> book.Sums:
    """The story of the pet shops in a platform of one's own; its sums."""
    platform = msgspec.structs.replace(PET_SUPPLIES.platform, slug=slug)
    test = await open_workspace(platform, "test", Keyring(home))
    desk = Desk(test.slug, platform.owner)
    await desk.sit_down()
    await Story(desk, msgspec.structs.replace(PET_SUPPLIES, platform=platform), test, quiet()).play()
    assert (await verify_book(desk.ctx, VerifyBook(everything=True))).differences == ()
    async with scope(desk.ctx, read_only=True) as tx:
        return await book.sums(tx, desk.ctx, desk.today)


async def test_broken_off_and_gone_on_with_it_comes_to_the_same(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off while buyers are added, amid a day's orders, amid a day's payments; then told once more."""
    slug = new_slug()
    for where, calls in (("step", 9), ("order", 110), ("receive", 40)):
        with monkeypatch.context() as patched:
            breaking_off(patched, where, calls)
            with pytest.raises(Interrupted):
                await tell(slug, tmp_path)
    told = await tell(slug, tmp_path)

    assert told == await tell(new_slug(), tmp_path)
    assert told == await tell(slug, tmp_path)
    assert (told.past_due_drawdowns, told.reversed_receipts) == (1, 1)
