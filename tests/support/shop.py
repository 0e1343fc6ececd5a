"""A platform with a buyer, a merchant and a line, whose clock a test moves, through the real use cases."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from billing.authorise_order import AuthoriseOrder, authorise_order
from billing.capture_order import CaptureOrder, capture_order
from billing.decide_limit import DecideLimit, LineView, decide_limit
from billing.history import read_drawdown
from billing.loaded import DrawdownView
from billing.quotes import QuotePayoff, quote_payoff
from billing.receipts import ReceiptView
from billing.record_receipt import RecordReceipt, record_receipt
from billing.refund_order import Refunded, RefundOrder, refund_order
from billing.reverse_receipt import ReverseReceipt, reverse_receipt
from billing.rules.events import ReversalReason
from billing.rules.limit import Kind
from billing.run_day import RunDay, run_day
from billing.verify_book import VerifyBook, verify_book
from billing.void_order import VoidOrder, void_order
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

    async def capture(
        self, drawdown_id: UUID, amount_minor: int | None = None, ctx: Ctx | None = None, **more: Any
    ) -> DrawdownView:
        command = CaptureOrder(drawdown_id=drawdown_id, amount_minor=amount_minor, **more)
        return await capture_order(ctx or self.ctx, command)

    async def void(
        self, drawdown_id: UUID, amount_minor: int | None = None, ctx: Ctx | None = None
    ) -> DrawdownView:
        return await void_order(
            ctx or self.ctx, VoidOrder(drawdown_id=drawdown_id, amount_minor=amount_minor)
        )

    async def draw(self, amount_minor: int) -> UUID:
        """Authorised and captured today."""
        drawn = await self.authorise(amount_minor)
        await self.capture(drawn.id)
        return drawn.id

    async def pay(self, amount_minor: int, ctx: Ctx | None = None, **more: Any) -> ReceiptView:
        command = {"buyer_id": self.buyer_id, "currency": "CNY", "channel": "bank_transfer", **more}
        return await record_receipt(ctx or self.ctx, RecordReceipt(amount_minor=amount_minor, **command))

    async def reverse(
        self, receipt_id: UUID, reason: ReversalReason = "bounced", ctx: Ctx | None = None
    ) -> ReceiptView:
        return await reverse_receipt(ctx or self.ctx, ReverseReceipt(receipt_id=receipt_id, reason=reason))

    async def refund(
        self, drawdown_id: UUID, amount_minor: int, ctx: Ctx | None = None, **more: Any
    ) -> Refunded:
        command = RefundOrder(drawdown_id=drawdown_id, amount_minor=amount_minor, **more)
        return await refund_order(ctx or self.ctx, command)

    async def decide(
        self, kind: Kind, limit_minor: int | None = None, ctx: Ctx | None = None, **more: Any
    ) -> LineView:
        command = {"buyer_id": self.buyer_id, "product_id": self.product_id, "reason": "seen", **more}
        return await decide_limit(ctx or self.ctx, DecideLimit(kind=kind, limit_minor=limit_minor, **command))

    async def owed(self, drawdown_id: UUID) -> int:
        return (await quote_payoff(self.ctx, QuotePayoff(drawdown_id=drawdown_id))).total_minor

    async def drawdown(self, drawdown_id: UUID, as_of: date | None = None) -> DrawdownView:
        async with scope(self.ctx, read_only=True) as tx:
            return await read_drawdown(tx, self.ctx, drawdown_id, as_of)

    async def instalments(self, drawdown_id: UUID) -> list[tuple[date, int, int, int]]:
        """Due date, and what is unpaid: principal, charged interest, charged penalty."""
        return [
            (
                one.due_on,
                one.principal_minor - one.principal_paid_minor,
                one.interest_minor - one.interest_paid_minor,
                one.penalty_minor - one.penalty_paid_minor,
            )
            for one in (await self.drawdown(drawdown_id)).projection.instalments
        ]

    async def line(self) -> tuple[int, int]:
        """Held and outstanding."""
        columns = "held_minor, outstanding_minor"
        ((held, outstanding),) = await self.rows("billing.line", columns, "id = $2", self.line_id)
        return held, outstanding

    async def credit(self) -> int:
        """The buyer's credit balance."""
        found = await self.rows("billing.buyer_balance", "credit_minor", "buyer_id = $2", self.buyer_id)
        return sum(credit for (credit,) in found)

    async def count(self, table: str) -> int:
        ((found,),) = await self.rows(table, "count(*)")
        return int(found)

    async def rows(self, table: str, columns: str, where: str = "true", *args: object) -> list[Any]:
        """Of the shop's tenant, as plain tuples; what is named by $2, $3 in `where` follows it."""
        sql = f"SELECT {columns} FROM {table} WHERE tenant_id = $1 AND {where}"
        async with scope(self.ctx, read_only=True) as tx:
            return [tuple(row) for row in await tx.fetch(sql, self.workspace.id, *args)]

    async def postings(self, kind: str | None = None) -> list[tuple[str, str, int]]:
        """Debit account, credit account and amount of every entry, in the order of booking; of one kind of
        journal, if named."""
        async with scope(self.ctx, read_only=True) as tx:
            rows = await tx.fetch(
                """SELECT e.debit_account, e.credit_account, e.amount_minor FROM billing.entry e
                JOIN billing.journal j ON j.tenant_id = e.tenant_id AND j.id = e.journal_id
                WHERE e.tenant_id = $1 AND ($2::text IS NULL OR j.kind = $2)
                ORDER BY j.xid, j.reference, e.no""",
                self.workspace.id, kind,
            )  # fmt: skip
        return [tuple(row) for row in rows]

    async def balances(self) -> dict[str, int]:
        """What each account stands at, debit positive, over all books and parties; zeros left out."""
        sums: Counter[str] = Counter()
        for debit, credit, amount_minor in await self.postings():
            sums[debit] += amount_minor
            sums[credit] -= amount_minor
        return {account: amount for account, amount in sums.items() if amount}

    async def with_another_buyer(self, limit_minor: int = 10_000_000) -> Shop:
        """The same platform, product and merchant; another buyer with a line of its own."""
        new = AddBuyer(name="另一家制衣厂", party_type="company", owner_name="Other")
        buyer = await add_buyer(self.ctx, new)
        line = await open_line(self.workspace, self.product_id, buyer.id, limit_minor, self.today)
        return structs.replace(self, buyer_id=buyer.id, line_id=line.id)

    async def verify(self) -> None:
        verified = await verify_book(self.ctx, VerifyBook(everything=True))
        assert verified.differences == ()


async def open_shop(
    document: dict[str, Any] = SIXTY_DAYS,
    *,
    limit_minor: int = 10_000_000,
    workspace: Workspace | None = None,
    one_book: bool = False,
) -> Shop:
    """`one_book`: the tenant's own company is the lender."""
    workspace = workspace or await open_workspace()
    ctx = workspace.ctx()
    product = await offer(workspace, document, one_book=one_book)
    buyer = await add_buyer(ctx, AddBuyer(name="某某制衣厂", party_type="company", owner_name="Owner"))
    merchant = await add_merchant(ctx, AddMerchant(name="某某面料行"))
    line = await open_line(workspace, product.id, buyer.id, limit_minor)
    return Shop(workspace, product.id, buyer.id, merchant.id, line.id, workspace.opened_on)


async def open_line(
    workspace: Workspace, product_id: UUID, buyer_id: UUID, limit_minor: int, on: date | None = None
) -> LineView:
    command = DecideLimit(
        buyer_id=buyer_id, product_id=product_id, kind="grant", limit_minor=limit_minor, reason="first limit"
    )
    return await decide_limit(workspace.ctx(on), command)
