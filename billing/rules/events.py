"""What happens to a drawdown: the truth, in the order of its ranks (DOMAIN.md §8). All frozen, all JSON."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from products.rules.terms import Form, MonthDay, PeriodUnit, RefundMethod

Source = Literal["cash", "credit", "set_off", "goodwill"]
"""Where a receipt's money came from: cash clearing, the buyer's credit balance, the merchant who was paid
directly, the lender's goodwill."""
ReversalReason = Literal["bounced", "our_mistake"]


class DueDate(msgspec.Struct, frozen=True, array_like=True):
    """One row's dates: `due_on` is shifted, `grace_on` the last day on which paying is in time."""

    nominal_on: date
    due_on: date
    grace_on: date


class EventBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """`seq` counts a drawdown's events as recorded, from 1; `effective_on` is the day one counts for.

    On one day events are replayed by rank (what the schedule brings is rank 0), then by `seq`.
    """

    rank: ClassVar[int]
    seq: int
    effective_on: date

    @property
    def reaches_back(self) -> bool:
        """It changes days before its own: only a replay can tell what is true then."""
        return False


class Authorised(EventBase, frozen=True, kw_only=True, tag="authorised"):
    """`amount_minor` is what is financed; `down_payment_minor` the buyer's own part of the order."""

    rank: ClassVar[int] = 1
    amount_minor: int
    expires_on: date
    down_payment_minor: int = 0


class RateChanged(EventBase, frozen=True, kw_only=True, tag="rate_changed"):
    """From the night of its day on. `rate` is of the terms' own kind, daily or annual.

    A reset tells the index as it was `published_on`, by the year.
    """

    rank: ClassVar[int] = 1
    rate: Decimal
    reason: Literal["agreed", "reset"] = "agreed"
    index_rate: Decimal | None = None
    published_on: date | None = None


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
    dates: tuple[DueDate, ...] = ()


class DueDayChanged(EventBase, frozen=True, kw_only=True, tag="due_day_changed"):
    """The coming rows of all captures fall due on this day of the month, the first not earlier than
    before.
    """

    rank: ClassVar[int] = 1
    due_day: MonthDay
    dates: tuple[DueDate, ...] = ()


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
    dates: tuple[DueDate, ...] = ()


class Captured(EventBase, frozen=True, kw_only=True, tag="captured"):
    """`booked_on` (the day of recording) is an input: nothing falls due before it + `min_notice_days`.

    `dates`: the shifted dates of its rows by the calendar of that day; none where nothing shifts.
    `conversion_of`: the drawdown whose principal it took over.
    """

    rank: ClassVar[int] = 2
    capture_no: int
    amount_minor: int
    booked_on: date
    down_payment_minor: int = 0
    dates: tuple[DueDate, ...] = ()
    source: Literal["order", "conversion"] = "order"
    conversion_of: UUID | None = None


class Voided(EventBase, frozen=True, kw_only=True, tag="voided"):
    rank: ClassVar[int] = 2
    amount_minor: int


class Refunded(EventBase, frozen=True, kw_only=True, tag="refunded"):
    rank: ClassVar[int] = 3
    refund_id: UUID
    capture_no: int
    amount_minor: int
    method: RefundMethod

    @property
    def reaches_back(self) -> bool:
        return self.method == "from_capture"


class ReceiptReversed(EventBase, frozen=True, kw_only=True, tag="receipt_reversed"):
    rank: ClassVar[int] = 3
    receipt_id: UUID
    reason: ReversalReason

    @property
    def reaches_back(self) -> bool:
        return self.reason == "bounced"


class Waived(EventBase, frozen=True, kw_only=True, tag="waived"):
    """What of one row's charges is forgiven."""

    rank: ClassVar[int] = 3
    waiver_id: UUID
    instalment_no: int
    penalty_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0


class ChargeAdded(EventBase, frozen=True, kw_only=True, tag="charge_added"):
    """An explicit fee, due on its own date: a row of its own. Without `grace_on`: by the terms alone."""

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
    """Lost by the buyer, it is due again, not before the verdict + `dispute_days`: `due_on` is that day,
    shifted. Won, a refund follows.
    """

    rank: ClassVar[int] = 3
    dispute_id: UUID
    verdict: Literal["won", "lost"]
    due_on: date | None = None
    grace_on: date | None = None


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
    """Open principal of one row moves into another drawdown, `conversion_id`."""

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


_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    return _encoder.encode(event)


def decode_event(document: bytes | str) -> Event:
    return _decoder.decode(document)
