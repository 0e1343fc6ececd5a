"""A platform with a buyer, a merchant and a line, whose clock a test moves: stories through the real use cases."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.capture_order import CaptureOrder, capture_order
from billing.decide_limit import DecideLimit, LineView, decide_limit
from billing.loaded import DrawdownView
from billing.quotes import QuotePayoff, quote_payoff
from billing.receipts import ReceiptView
from billing.record_receipt import RecordReceipt, record_receipt
from billing.refund_order import Refunded, RefundOrder, refund_order
from billing.run_day import RunDay, run_day
from billing.verify_book import VerifyBook, verify_book
from kernel.context import Ctx
from kernel.db.scope import scope
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.add_merchant import AddMerchant, add_merchant
from tests.support.offers import SIXTY_DAYS, offer
from tests.support.tenants import Workspace, open_workspace


class Shop(msgspec.Struct):
    """`today` is the business date; `go` moves it and runs day end, `jump` moves it without."""

    workspace: Workspace
    product_id: UUID
    buyer_id: UUID
    merchant_id: UUID
    line_id: UUID
    today: date

    @property
    def ctx(self) -> Ctx:
        return self.workspace.ctx(self.today)

    def keyed(self, key: str, request: object = None) -> Ctx:
        """The same, with an idempotency key."""
        return self.workspace.ctx(self.today, key=key, request=request)

    async def jump(self, to: date) -> None:
        await self.workspace.roll(to)
        self.today = to

    async def go(self, to: date) -> None:
        await self.jump(to)
        await run_day(self.ctx, RunDay())

    async def authorise(self, amount_minor: int, ctx: Ctx | None = None, **more: Any) -> DrawdownView:
        command = {"line_id": self.line_id, "merchant_id": self.merchant_id, "currency": "CNY", **more}
        return await authorise_order(ctx or self.ctx, AuthoriseOrder(amount_minor=amount_minor, **command))

    async def capture(self, drawdown_id: UUID, amount_minor: int | None = None, **more: Any) -> DrawdownView:
        command = CaptureOrder(drawdown_id=drawdown_id, amount_minor=amount_minor, **more)
        return await capture_order(self.ctx, command)

    async def draw(self, amount_minor: int) -> UUID:
        """Authorised and captured today."""
        drawn = await self.authorise(amount_minor)
        await self.capture(drawn.id)
        return drawn.id

    async def pay(self, amount_minor: int, ctx: Ctx | None = None, **more: Any) -> ReceiptView:
        command = {"buyer_id": self.buyer_id, "currency": "CNY", "channel": "bank_transfer", **more}
        return await record_receipt(ctx or self.ctx, RecordReceipt(amount_minor=amount_minor, **command))

    async def refund(self, drawdown_id: UUID, amount_minor: int, **more: Any) -> Refunded:
        return await refund_order(
            self.ctx, RefundOrder(drawdown_id=drawdown_id, amount_minor=amount_minor, **more)
        )

    async def owed(self, drawdown_id: UUID) -> int:
        return (await quote_payoff(self.ctx, QuotePayoff(drawdown_id=drawdown_id))).total_minor

    async def line(self) -> tuple[int, int]:
        """Held and outstanding."""
        async with scope(self.ctx, read_only=True) as tx:
            row = await tx.fetchrow(
                "SELECT held_minor, outstanding_minor FROM billing.line WHERE tenant_id = $1 AND id = $2",
                self.workspace.id,
                self.line_id,
            )
        return row["held_minor"], row["outstanding_minor"]

    async def count(self, table: str) -> int:
        async with scope(self.ctx, read_only=True) as tx:
            return int(
                await tx.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", self.workspace.id)
            )

    async def verify(self) -> None:
        verified = await verify_book(self.ctx, VerifyBook(everything=True))
        assert verified.differences == ()


async def open_shop(
    document: dict[str, Any] = SIXTY_DAYS,
    *,
    limit_minor: int = 10_000_000,
    workspace: Workspace | None = None,
) -> Shop:
    workspace = workspace or await open_workspace()
    ctx = workspace.ctx()
    product = await offer(workspace, document)
    buyer = await add_buyer(ctx, AddBuyer(name="某某制衣厂", party_type="company", owner_name="Owner"))
    merchant = await add_merchant(ctx, AddMerchant(name="某某面料行"))
    line = await open_line(workspace, product.id, buyer.id, limit_minor)
    return Shop(workspace, product.id, buyer.id, merchant.id, line.id, workspace.opened_on)


async def open_line(workspace: Workspace, product_id: UUID, buyer_id: UUID, limit_minor: int) -> LineView:
    command = DecideLimit(
        buyer_id=buyer_id, product_id=product_id, kind="grant", limit_minor=limit_minor, reason="first limit"
    )
    return await decide_limit(workspace.ctx(), command)
