"""Plays a planned story in a test tenant, through the real use cases, day by day.

Interrupted, it goes on with the day it had reached: the day's steps are done again under the same keys.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from app.demo import book
from app.demo.desk import Desk, side_by_side
from app.demo.platforms import Opened
from app.demo.story.plan import Limit, Order, Payment, Step, Vertical, plan, story_days
from app.progress import Stages
from billing.capture_order import CaptureOrder, capture_order
from billing.decide_limit import DecideLimit, decide_limit
from billing.record_receipt import RecordReceipt
from billing.refund_order import RefundOrder, refund_order
from billing.reverse_receipt import ReverseReceipt, reverse_receipt
from billing.void_order import VoidOrder, void_order
from kernel.db.scope import scope
from tenants.add_buyer import AddBuyer, add_buyer

CURRENCY: Final = "CNY"
_SURPLUS_MINOR: Final = 500_00
_BOUNCES_AFTER: Final = timedelta(3)


class Story:
    """`play` does what is left of it; a story that is told already does nothing."""

    def __init__(self, desk: Desk, vertical: Vertical, workspace: Opened, stages: Stages) -> None:
        self._desk, self._vertical, self._workspace, self._stages = desk, vertical, workspace, stages
        self._plan = plan(vertical)
        self._accounts: dict[str, book.Account] = {}
        self._drawdowns: dict[str, UUID] = {}
        self._receipts: dict[str, UUID] = {}

    async def play(self) -> None:
        left = [day for day in story_days() if not self._desk.is_over(day)]
        if not left:
            return
        await self._open_accounts()
        async with scope(self._desk.ctx, read_only=True) as tx:
            self._accounts = await book.accounts(tx, self._desk.ctx)
            self._drawdowns = await book.orders(tx, self._desk.ctx)
            self._receipts = await book.receipts(tx, self._desk.ctx)
        with self._stages.stage(f"{self._workspace.slug}: three simulated months", len(left)) as tell:
            for day in left:
                await self._desk.open_office(day)
                await self._day(day)
                tell(1)
        await self._desk.close_office()

    async def _open_accounts(self) -> None:
        async def add(ref: str, name: str) -> None:
            command = AddBuyer(name=name, party_type="company", owner_name="Owner", external_ref=ref)
            await add_buyer(self._desk.step(f"buyer {ref}"), command)

        names = enumerate(self._plan.buyers)
        await side_by_side((buyer, partial(add, _ref(buyer), name)) for buyer, name in names)

    async def _day(self, day: date) -> None:
        """Limits first, then what was ordered before, then payments, then new orders."""
        orders = self._plan.orders
        await side_by_side(
            (limit.buyer, partial(self._limit, limit)) for limit in self._plan.limits if limit.on == day
        )
        placed = [order for order in orders if order.ref in self._drawdowns]
        await side_by_side(
            (order.buyer, partial(self._step, order, step))
            for order in placed
            for step in order.steps
            if step.on == day
        )
        await side_by_side(
            (order.buyer, partial(self._pay, order, payment))
            for order in placed
            for payment in order.payments
            if payment.on == day
        )
        await side_by_side(
            (order.buyer, partial(self._bounce, order))
            for order in placed
            for payment in order.payments
            if payment.share == "bounce" and payment.on + _BOUNCES_AFTER == day
        )
        await side_by_side((order.buyer, partial(self._order, order)) for order in orders if order.on == day)

    async def _limit(self, limit: Limit) -> None:
        ref = _ref(limit.buyer)
        command = DecideLimit(
            buyer_id=self._accounts[ref].buyer_id,
            product_id=self._workspace.product_id,
            kind=limit.kind,
            limit_minor=limit.limit_minor,
            reason=limit.reason,
        )
        line = await decide_limit(self._desk.step(f"{limit.kind} {ref} {limit.on}"), command)
        self._accounts[ref] = book.Account(line.buyer_id, line.id)

    async def _order(self, order: Order) -> None:
        """A buyer whose line is not open yet is turned away by the shop itself."""
        line_id = self._accounts[_ref(order.buyer)].line_id
        if line_id is None:
            return
        merchant_id = self._workspace.merchant_ids[order.merchant]
        drawdown_id = await self._desk.order(line_id, merchant_id, order.amount_minor, order.ref, CURRENCY)
        if drawdown_id is not None:
            self._drawdowns[order.ref] = drawdown_id

    async def _step(self, order: Order, step: Step) -> None:
        ctx = self._desk.step(f"{step.move} {order.ref} {step.on}")
        drawdown_id = self._drawdowns[order.ref]
        match step.move:
            case "capture":
                await capture_order(
                    ctx, CaptureOrder(drawdown_id=drawdown_id, amount_minor=step.amount_minor)
                )
            case "void":
                await void_order(ctx, VoidOrder(drawdown_id=drawdown_id, amount_minor=step.amount_minor))
            case "refund":
                assert step.amount_minor is not None
                await refund_order(ctx, RefundOrder(drawdown_id=drawdown_id, amount_minor=step.amount_minor))

    async def _pay(self, order: Order, payment: Payment) -> None:
        """By the order's own payment page, which names it: together with what else is due by now.

        What is over stays with the buyer as credit balance.
        """
        drawdown_id = self._drawdowns[order.ref]
        owed_minor = await self._desk.owed(drawdown_id)
        if not owed_minor:
            return
        for other in self._plan.orders:
            is_due = other.buyer == order.buyer and other.due_on is not None and other.due_on <= payment.on
            if is_due and other is not order and other.ref in self._drawdowns:
                owed_minor += await self._desk.owed(self._drawdowns[other.ref])
        amount_minor = owed_minor // 2 if payment.share == "half" else owed_minor
        receipt = RecordReceipt(
            buyer_id=self._accounts[_ref(order.buyer)].buyer_id,
            currency=CURRENCY,
            amount_minor=amount_minor + (_SURPLUS_MINOR if payment.share == "surplus" else 0),
            channel="payment_page",
            external_ref=_receipt_ref(order, payment),
            drawdown_id=drawdown_id,
        )
        self._receipts[_receipt_ref(order, payment)] = await self._desk.receive(receipt)

    async def _bounce(self, order: Order) -> None:
        receipt_id = self._receipts[_receipt_ref(order, order.payments[0])]
        await reverse_receipt(
            self._desk.step(f"bounce {order.ref}"), ReverseReceipt(receipt_id=receipt_id, reason="bounced")
        )


def _ref(buyer: int) -> str:
    return f"buyer-{buyer + 1:02}"


def _receipt_ref(order: Order, payment: Payment) -> str:
    return f"{order.ref}:{payment.on}"
