"""The values of the engine: what happened (events) and what follows from it (state). All frozen, all JSON."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from products.rules.terms import Component, Form, MonthDay, PeriodUnit, RefundMethod

Status = Literal["authorised", "captured", "closed", "voided", "expired"]
Source = Literal["cash", "credit", "set_off", "goodwill"]
"""Where a receipt's money came from: cash clearing, the buyer's credit balance, the merchant who was paid
directly, the lender's goodwill."""
ReversalReason = Literal["bounced", "our_mistake"]


# Events: the truth, in the order of their ranks.


class EventBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`seq` counts a drawdown's events as recorded, from 1; `effective_on` is the day one counts for.

    On one day events are replayed by rank (what the schedule brings is rank 0), then by `seq`.
    """

    rank: ClassVar[int]
    seq: int
    effective_on: date


class Authorised(EventBase, frozen=True, kw_only=True, tag="authorised"):
    """`amount_minor` is what is financed; `down_payment_minor` the buyer's own part of the order."""

    rank: ClassVar[int] = 1
    amount_minor: int
    expires_on: date
    down_payment_minor: int = 0


class RateChanged(EventBase, frozen=True, kw_only=True, tag="rate_changed"):
    """From the night of its day on. `rate` is of the terms' own kind, daily or annual."""

    rank: ClassVar[int] = 1
    rate: Decimal
    reason: Literal["agreed", "reset"] = "agreed"


class DueDateChanged(EventBase, frozen=True, kw_only=True, tag="due_date_changed"):
    """A holiday announced later: the shifted date of one row moves later, its interest does not."""

    rank: ClassVar[int] = 1
    instalment_no: int
    due_on: date
    grace_on: date


class InterestPaused(EventBase, frozen=True, kw_only=True, tag="interest_paused"):
    """No contract interest for the nights from `effective_on` to `until_on`, both inclusive."""

    rank: ClassVar[int] = 1
    until_on: date


class Extended(EventBase, frozen=True, kw_only=True, tag="extended"):
    """All unsettled rows of the plan from `from_no` on move by `days`; `dates` are their new ones."""

    rank: ClassVar[int] = 1
    from_no: int
    days: int
    interest: bool = True
    fee_minor: int = 0
    dates: tuple["DueDate", ...] = ()


class DueDayChanged(EventBase, frozen=True, kw_only=True, tag="due_day_changed"):
    """The coming rows of all captures fall due on this day of the month, the first not earlier than before."""

    rank: ClassVar[int] = 1
    due_day: MonthDay
    dates: tuple["DueDate", ...] = ()


class Restructured(EventBase, frozen=True, kw_only=True, tag="restructured"):
    """The open principal of one capture gets a new plan that begins on this day."""

    rank: ClassVar[int] = 1
    capture_no: int
    form: Form
    instalments: int
    period_unit: PeriodUnit = "month"
    period_length: int = 1
    rate: Decimal | None = None
    capitalise: bool = False
    dates: tuple["DueDate", ...] = ()


class Captured(EventBase, frozen=True, kw_only=True, tag="captured"):
    """`booked_on` (the day of recording) is an input: nothing falls due before it + `min_notice_days`.

    `dates`: the shifted dates of its rows by the calendar of that day; none where nothing shifts.
    """

    rank: ClassVar[int] = 2
    capture_no: int
    amount_minor: int
    booked_on: date
    down_payment_minor: int = 0
    dates: tuple["DueDate", ...] = ()
    source: Literal["order", "conversion"] = "order"


class Voided(EventBase, frozen=True, kw_only=True, tag="voided"):
    rank: ClassVar[int] = 2
    amount_minor: int


class Refunded(EventBase, frozen=True, kw_only=True, tag="refunded"):
    rank: ClassVar[int] = 3
    refund_id: UUID
    capture_no: int
    amount_minor: int
    method: RefundMethod


class ReceiptReversed(EventBase, frozen=True, kw_only=True, tag="receipt_reversed"):
    rank: ClassVar[int] = 3
    receipt_id: UUID
    reason: ReversalReason


class Waived(EventBase, frozen=True, kw_only=True, tag="waived"):
    """What of one row's charges is forgiven."""

    rank: ClassVar[int] = 3
    waiver_id: UUID
    instalment_no: int
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0


class ChargeAdded(EventBase, frozen=True, kw_only=True, tag="charge_added"):
    """An explicit fee, due on its own date: a row of its own."""

    rank: ClassVar[int] = 3
    charge_id: UUID
    capture_no: int
    amount_minor: int
    due_on: date
    grace_on: date | None = None


class Disputed(EventBase, frozen=True, kw_only=True, tag="disputed"):
    """An amount of one capture's goods is in dispute: it stops until the verdict."""

    rank: ClassVar[int] = 3
    dispute_id: UUID
    capture_no: int
    amount_minor: int


class DisputeResolved(EventBase, frozen=True, kw_only=True, tag="dispute_resolved"):
    """Lost by the buyer, it is due again, not before the verdict + `dispute_days`. Won, a refund follows."""

    rank: ClassVar[int] = 3
    dispute_id: UUID
    verdict: Literal["won", "lost"]


class Silenced(EventBase, frozen=True, kw_only=True, tag="silenced"):
    """Penalty on this much is computed, not charged, while something unmatched may explain it."""

    rank: ClassVar[int] = 3
    silence_id: UUID
    amount_minor: int
    until_on: date


class SilenceEnded(EventBase, frozen=True, kw_only=True, tag="silence_ended"):
    rank: ClassVar[int] = 3
    silence_id: UUID
    outcome: Literal["charged", "falls_away"]


class Converted(EventBase, frozen=True, kw_only=True, tag="converted"):
    """Open principal of one row moves into another drawdown."""

    rank: ClassVar[int] = 3
    conversion_id: UUID
    instalment_no: int
    amount_minor: int


class WrittenOff(EventBase, frozen=True, kw_only=True, tag="written_off"):
    """Changes the books, not what the buyer owes."""

    rank: ClassVar[int] = 3


class Received(EventBase, frozen=True, kw_only=True, tag="received"):
    """`amount_minor` is what this drawdown was allotted; `advance`: also for debts not yet due."""

    rank: ClassVar[int] = 4
    receipt_id: UUID
    amount_minor: int
    advance: bool = False
    source: Source = "cash"


Event = (
    Authorised
    | RateChanged
    | DueDateChanged
    | InterestPaused
    | Extended
    | DueDayChanged
    | Restructured
    | Captured
    | Voided
    | Refunded
    | ReceiptReversed
    | Waived
    | ChargeAdded
    | Disputed
    | DisputeResolved
    | Silenced
    | SilenceEnded
    | Converted
    | WrittenOff
    | Received
)


class DueDate(msgspec.Struct, frozen=True, array_like=True):
    """One row's dates: `due_on` is shifted, `grace_on` the last day on which paying is in time."""

    nominal_on: date
    due_on: date
    grace_on: date


# State: a pure function of terms and events. Inner values travel as JSON arrays: a book holds millions.


class Parts(msgspec.Struct, frozen=True, array_like=True):
    """Minor units by component."""

    penalty: int = 0
    fee: int = 0
    interest: int = 0
    principal: int = 0

    @property
    def total(self) -> int:
        return self.penalty + self.fee + self.interest + self.principal

    def plus(self, other: "Parts") -> "Parts":
        return Parts(
            self.penalty + other.penalty,
            self.fee + other.fee,
            self.interest + other.interest,
            self.principal + other.principal,
        )

    def minus(self, other: "Parts") -> "Parts":
        return Parts(
            self.penalty - other.penalty,
            self.fee - other.fee,
            self.interest - other.interest,
            self.principal - other.principal,
        )

    def of(self, component: Component) -> int:
        return int(getattr(self, component))


NOTHING = Parts()


class Accrual(msgspec.Struct, frozen=True, array_like=True):
    """One accrual kept exact: `exact` is minor units × 10⁹ until the state's day.

    `run_minor` is what of it has been charged: round(`run_exact`), the exact value on `run_on`.
    `earlier_minor` was charged by runs before this one (a penalty begins anew when a debt is reopened).
    """

    exact: int = 0
    run_minor: int = 0
    run_exact: int = 0
    run_on: date | None = None
    earlier_minor: int = 0

    @property
    def charged_minor(self) -> int:
        return self.earlier_minor + self.run_minor


class Instalment(msgspec.Struct, frozen=True, array_like=True):
    """One due date of one capture. `no` is unique in the drawdown and follows from `capture_no`, so that
    it stays the same in whatever order captures are recorded.

    `nominal_on` ends the interest; `due_on` and `grace_on` (the last day of grace) rule past due and penalty.
    """

    no: int
    capture_no: int
    start_on: date
    nominal_on: date
    due_on: date
    grace_on: date
    principal_minor: int
    paid: Parts = NOTHING
    interest: Accrual = Accrual()
    penalty: Accrual = Accrual()
    past_due: bool = False
    settled_on: date | None = None
    reopened_on: date | None = None

    @property
    def open_minor(self) -> int:
        """Principal not yet paid."""
        return self.principal_minor - self.paid.principal


class Capture(msgspec.Struct, frozen=True, array_like=True):
    """`merchant_fee_minor` is what is kept after refunds."""

    no: int
    captured_on: date
    amount_minor: int
    refunded_minor: int = 0
    merchant_fee_minor: int = 0


class ReceiptPart(msgspec.Struct, frozen=True, array_like=True):
    """What one receipt paid on one instalment."""

    instalment_no: int
    paid: Parts


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """A receipt that stands: `amount_minor` = its parts + `excess_minor`, which is the buyer's credit."""

    receipt_id: UUID
    received_on: date
    amount_minor: int
    source: Source
    parts: tuple[ReceiptPart, ...] = ()
    excess_minor: int = 0


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A drawdown at `as_of`: all events effective up to and on that day, the nights before it accrued."""

    status: Status
    as_of: date
    authorised_on: date
    expires_on: date
    authorised_minor: int
    voided_minor: int = 0
    expired_minor: int = 0
    captures: tuple[Capture, ...] = ()
    instalments: tuple[Instalment, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    last_on: date
    last_rank: int
    last_seq: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The sums that the ledger mirrors. Always: received_cash + received_credit = paid.total + excess."""

    captured: int = 0
    refunded: int = 0
    merchant_fee: int = 0
    charged: Parts = NOTHING
    paid: Parts = NOTHING
    received_cash: int = 0
    received_credit: int = 0
    excess: int = 0


ENGINE_VERSION = 1
"""Raised whenever the engine would replay the same events to another state."""

_event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_state_decoder = msgspec.json.Decoder(State)
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    return _encoder.encode(event)


def decode_event(document: bytes | str) -> Event:
    return _event_decoder.decode(document)


def encode_state(state: State) -> bytes:
    return _encoder.encode(state)


def decode_state(document: bytes | str) -> State:
    return _state_decoder.decode(document)
