"""A shop asked over HTTP on whatever day it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest_asyncio

from billing.api import router
from kernel.ids import encode
from tests.support.http import asking
from tests.support.shop import Shop, open_shop


class Counter(msgspec.Struct):
    """The shop's own client: every POST has a key of its own unless a test names one."""

    shop: Shop
    client: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(f"/v1{path}", params=params)

    async def post(self, path: str, body: object, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or str(uuid4())}
        return await self.client.post(f"/v1{path}", json=body, headers=headers)

    async def ok(self, path: str, body: object, key: str | None = None) -> Any:
        answer = await self.post(path, body, key)
        assert answer.is_success, answer.text
        return answer.json()

    async def refusal(self, path: str, body: object, key: str | None = None) -> tuple[int, str]:
        answer = await self.post(path, body, key)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]

    def order(self, amount_minor: int, **more: Any) -> dict[str, Any]:
        return {
            "line_id": encode("lin", self.shop.line_id),
            "merchant_id": encode("mer", self.shop.merchant_id),
            "amount_minor": amount_minor,
            "currency": "CNY",
            **more,
        }

    def money(self, amount_minor: int, **more: Any) -> dict[str, Any]:
        return {
            "buyer_id": encode("buy", self.shop.buyer_id),
            "currency": "CNY",
            "amount_minor": amount_minor,
            "channel": "bank_transfer",
            **more,
        }


@pytest_asyncio.fixture
async def counter(database: None) -> AsyncIterator[Counter]:
    shop = await open_shop()
    async with asking(shop.workspace, [router], lambda: shop.ctx) as client:
        yield Counter(shop, client)
