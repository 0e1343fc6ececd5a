"""The real-order run: one more platform from an order file, day by day, through the real use cases.

Follows docs/real-orders.md. Within a day the steps are barriers; buyers are served side by side, the orders,
returns and payments of one buyer one after another. Interrupted, it goes on with the day it had reached: what
lies behind is only remembered, the day's own steps are done again under the same keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from app.demo import book
from app.demo.desk import Desk, side_by_side
from app.demo.orders.model import FIRST_DAY, LAST_DAY, TERM_DAYS, Planned, capture_day, limits, payments
from app.demo.orders.reader import Document, OrderFile
from app.demo.orders.returns import Returns
from app.demo.platforms import Opened
from app.progress import Stages
from billing.capture_order import CaptureOrder, capture_order
from billing.decide_limit import DecideLimit, decide_limit
from billing.record_receipt import RecordReceipt
from billing.refund_order import RefundOrder, refund_order
from kernel.db.scope import scope
from tenants.add_buyer import AddBuyer, add_buyer

CURRENCY: Final = "GBP"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What only the run knows, and no book: orders of buyers without a line, returns of nothing captured."""

    window_orders: int
    window_minor: int
    no_line_orders: int
    no_line_minor: int
    unmatched_credit_minor: int


class _Payment(msgspec.Struct, frozen=True):
    """The `no`-th payment of an order, whose last one it may be."""

    order: Document
    no: int
    due_on: date
    planned: Planned


class OrderRun:
    """`play` does what is left of the window and tells what no book holds."""

    def __init__(self, desk: Desk, file: OrderFile, workspace: Opened, stages: Stages) -> None:
        self._desk, self._file, self._workspace, self._stages = desk, file, workspace, stages
        self._accounts: dict[str, book.Account] = {}
        self._drawdowns: dict[str, UUID] = {}
        self._to_capture: dict[date, list[Document]] = defaultdict(list)
        self._to_pay: dict[date, list[_Payment]] = defaultdict(list)
        self._returns = Returns()
        self._unmatched_minor = 0
        self._orders = _by_day(file.orders)
        self._notes = _by_day(file.credit_notes)

    async def play(self) -> Found:
        await self._open_accounts()
        async with scope(self._desk.ctx, read_only=True) as tx:
            self._accounts = await book.accounts(tx, self._desk.ctx)
            self._drawdowns = await book.orders(tx, self._desk.ctx)
        days = [FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
        with self._stages.stage("real orders, day by day (payments simulated)", len(days)) as tell:
            for day in days:
                await self._day(day)
                tell(1)
        if not self._desk.is_over(LAST_DAY):
            await self._desk.close_office()
        window = [order for day in days for order in self._orders.get(day, ())]
        no_line = [order for order in window if self._line(order) is None]
        return Found(
            window_orders=len(window),
            window_minor=sum(order.amount_minor for order in window),
            no_line_orders=len(no_line),
            no_line_minor=sum(order.amount_minor for order in no_line),
            unmatched_credit_minor=self._unmatched_minor,
        )

    async def _open_accounts(self) -> None:
        """Buyers, and lines by the stated rule; all before the first day."""
        if self._desk.today >= FIRST_DAY:
            return
        limit_of = limits(self._file.orders)
        async with scope(self._desk.ctx, read_only=True) as tx:
            known = await book.accounts(tx, self._desk.ctx)
        with self._stages.stage("buyers and their limits", len(self._file.buyers)) as tell:
            await side_by_side(
                (
                    (
                        customer,
                        partial(
                            self._open_account,
                            customer,
                            country,
                            limit_of.get(customer),
                            known.get(_ref(customer)),
                        ),
                    )
                    for customer, country in self._file.buyers.items()
                ),
                tell,
            )

    async def _open_account(
        self, customer: int, country: str, limit_minor: int | None, known: book.Account | None
    ) -> None:
        ref = _ref(customer)
        buyer_id = known.buyer_id if known else None
        if buyer_id is None:
            command = AddBuyer(
                name=f"Customer {customer}",
                party_type="company",
                owner_name="Owner",
                external_ref=ref,
                metadata={"country": country},
            )
            buyer_id = (await add_buyer(self._desk.step(f"buyer {ref}"), command)).id
        if limit_minor is None or (known and known.line_id):
            return
        grant = DecideLimit(
            buyer_id=buyer_id,
            product_id=self._workspace.product_id,
            kind="grant",
            limit_minor=limit_minor,
            reason="purchases of nine months",
        )
        await decide_limit(self._desk.step(f"grant {ref}"), grant)

    async def _day(self, day: date) -> None:
        """The five steps. A day before the desk's own is over: it is remembered, nothing is sent."""
        over = self._desk.is_over(day)
        if not over:
            await self._desk.open_office(day)
        captured = sorted(self._to_capture.pop(day, []), key=_place)
        for order in captured:
            self._captured(order, day)
        refunds = [
            (note.customer, partial(self._refund, note.number, number, minor))
            for note in self._notes.get(day, ())
            for number, minor in self._take(note)
        ]
        paid = sorted(self._to_pay.pop(day, []), key=lambda one: _place(one.order))
        steps = (
            [(order.customer, partial(self._capture, order)) for order in captured],
            refunds,
            [(payment.order.customer, partial(self._pay, payment)) for payment in paid],
            [
                (order.customer, partial(self._order, order))
                for order in self._orders.get(day, ())
                if self._line(order) is not None
            ],
        )
        for step in () if over else steps:
            await side_by_side(step)
        for order in self._orders.get(day, ()):
            if order.number in self._drawdowns:
                self._to_capture[capture_day(day)].append(order)

    def _captured(self, order: Document, day: date) -> None:
        self._returns.captured(order)
        for no, planned in enumerate(payments(order.number, day), 1):
            self._to_pay[planned.on].append(_Payment(order, no, day + timedelta(TERM_DAYS), planned))

    def _take(self, note: Document) -> Iterable[tuple[str, int]]:
        returned = self._returns.take(note)
        self._unmatched_minor += returned.unmatched_minor
        return returned.by_order.items()

    async def _capture(self, order: Document) -> None:
        drawdown_id = self._drawdowns[order.number]
        step = self._desk.step(f"capture {order.number}")
        await capture_order(step, CaptureOrder(drawdown_id=drawdown_id))

    async def _refund(self, note: str, number: str, amount_minor: int) -> None:
        ref = f"{note}:{number}"
        command = RefundOrder(
            drawdown_id=self._drawdowns[number], amount_minor=amount_minor, capture_no=1, external_ref=ref
        )
        await refund_order(self._desk.step(f"refund {ref}"), command)

    async def _pay(self, payment: _Payment) -> None:
        """What closes the order today, or half of it; nothing where it is closed already."""
        owed_minor = await self._desk.owed(self._drawdowns[payment.order.number])
        amount_minor = owed_minor // 2 if payment.planned.half else owed_minor
        if not amount_minor:
            return
        command = RecordReceipt(
            buyer_id=self._accounts[_ref(payment.order.customer)].buyer_id,
            currency=CURRENCY,
            amount_minor=amount_minor,
            channel="bank_transfer",
            external_ref=f"{payment.order.number}:{payment.no}",
            advance=payment.planned.on < payment.due_on,
        )
        await self._desk.receive(command)

    async def _order(self, order: Document) -> None:
        line_id = self._line(order)
        assert line_id is not None
        merchant_id = self._workspace.merchant_ids[0]
        drawdown_id = await self._desk.order(line_id, merchant_id, order.amount_minor, order.number, CURRENCY)
        if drawdown_id is not None:
            self._drawdowns[order.number] = drawdown_id

    def _line(self, order: Document) -> UUID | None:
        return self._accounts[_ref(order.customer)].line_id


def _ref(customer: int) -> str:
    return str(customer)


def _place(order: Document) -> tuple[object, ...]:
    return order.at, order.number


def _by_day(documents: Iterable[Document]) -> dict[date, list[Document]]:
    days: dict[date, list[Document]] = defaultdict(list)
    for document in documents:
        days[document.on].append(document)
    return days
