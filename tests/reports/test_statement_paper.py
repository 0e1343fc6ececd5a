"""The paper of a statement: every sum that billing froze, in both languages; a hostile name stays a name."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from kernel.db.scope import scope
from kernel.errors import NotFound
from kernel.ids import encode, uuid7
from reports.api import router
from reports.statement_paper import statement_page
from tests.billing.test_cycles import MONTHLY, cut, day
from tests.support.http import asking
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.db


@pytest.fixture
async def shop(database: None) -> Shop:
    """Drawn 5 March, paid late and in part, goods back; a receipt of 30 April told on 3 May."""
    shop = await open_shop(MONTHLY)
    await shop.go(day("03-05"))
    debt = await shop.draw(100_000)
    await shop.go(day("04-20"))
    await shop.pay(50_000)
    await shop.go(day("05-03"))
    await shop.pay(10_000, effective_on=day("04-30"))
    await shop.go(day("05-06"))
    await shop.refund(debt, 10_000)
    await shop.go(day("06-01"))
    return shop


async def page(shop: Shop, statement_id: UUID | None, locale: str = "en") -> str:
    assert statement_id is not None
    async with scope(shop.ctx, read_only=True) as tx:
        return await statement_page(tx, shop.ctx, statement_id, locale)


def words(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


async def test_each_sum_is_on_it(shop: Shop) -> None:
    (_, _, third) = await cut(shop)
    told = words(await page(shop, third.id))
    assert third.corrections_minor < 0
    assert f"− Corrections to earlier statements {-third.corrections_minor / 100:,.2f}" in told
    assert f"= Owed at the end ¥{third.closing_minor / 100:,.2f}" in told
    assert "Belongs to statement" in told
    assert "S-2027-000002" in told
    assert "Test data" in told


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_no_text_is_missing(shop: Shop, locale: str) -> None:
    for statement in await cut(shop):
        html = await page(shop, statement.id, locale)
        assert "paper." not in html.replace("/*", "")
        assert ("欠款怎么变的" in html) == (locale == "zh-CN")
        assert f'lang="{locale}"' in html


async def test_a_strangers_is_not_there(shop: Shop) -> None:
    (first, *_) = await cut(shop)
    stranger = await open_shop(MONTHLY)
    for asked in (first.id, uuid7()):
        with pytest.raises(NotFound):
            await page(stranger, asked)


async def test_over_http(shop: Shop, drawn: None) -> None:
    (first, *_) = await cut(shop)
    async with asking(shop.workspace, [router], lambda: shop.ctx) as client:
        asked: dict[str, Any] = {"format": "html", "locale": "zh-CN"}
        answer = await client.get(f"/v1/statements/{_id(first.id)}/paper", params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        answer = await client.get(f"/v1/statements/{_id(first.id)}/paper")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")


def _id(statement_id: UUID | None) -> str:
    assert statement_id is not None
    return encode("stm", statement_id)
