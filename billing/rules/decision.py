"""What a command comes to: a refusal, or for each drawdown its events, its new state and what follows."""

from datetime import date
from typing import Generic, Literal, TypeVar
from uuid import UUID

import msgspec

from billing.rules.accounts import Parties, Posting
from billing.rules.events import Event
from billing.rules.values import State
from products.rules.terms import Component, Terms

Key = TypeVar("Key")

JournalKind = Literal[
    "interest_due", "statement_cut", "capture", "void", "refund", "receipt", "receipt_reversed", "waiver",
    "charge", "dispute", "silence", "rate_change", "extension", "due_date_change", "restructure",
    "conversion", "write_off",
]  # fmt: skip


class Refusal(msgspec.Struct, frozen=True):
    """A business refusal: a stable code and what fills its sentence."""

    code: str
    params: dict[str, str | int | bool | None] = {}


class Drawdown(msgspec.Struct, Generic[Key], frozen=True, kw_only=True):
    """A stored drawdown as a command finds it. `events`: all, but only where `needs_events` asks."""

    key: Key
    terms: Terms
    parties: Parties
    state: State
    events: tuple[Event, ...] | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what is charged on one instalment; below 0 it is given back.

    `amount_minor` = `earlier_minor` + round(`numerator` ÷ `denominator`) − `charged_before_minor`, where the
    numerator is Σ base × rate × 10⁹ over the nights from `from_on` to `to_on`, less what of the run a subsidy
    bears (`subsidised_minor`) and what a cap waived (`capped_minor`).
    """

    instalment_no: int
    kind: Literal["interest", "penalty", "fee"]
    amount_minor: int
    from_on: date
    to_on: date
    base: str
    rate: str
    numerator: int
    denominator: int
    earlier_minor: int
    charged_before_minor: int
    subsidised_minor: int = 0
    capped_minor: int = 0
    late: bool = False


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what one receipt pays. What a receipt does not pay is the buyer's credit balance."""

    receipt_id: UUID
    instalment_no: int
    component: Component
    amount_minor: int


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """Postings of one cause and one day, with the charges and allocations that made them."""

    kind: JournalKind
    effective_on: date
    postings: tuple[Posting, ...]
    charges: tuple[Charge, ...]
    allocations: tuple[Allocation, ...]


class LineDelta(msgspec.Struct, frozen=True):
    """How a line's use changes, in minor units.

    `need` is the room that the command itself asks for (0 or more): not what the schedule released before it.
    """

    held: int = 0
    outstanding: int = 0
    need: int = 0


class Moved(msgspec.Struct, Generic[Key], frozen=True, kw_only=True):
    """One drawdown moved from the stored state `before` (None: it is new) to `after`.

    `journals` stand in the order of their cause: what the schedule brought, then what the command did.
    `credit_minor` is the change of the buyer's credit balance.
    """

    key: Key
    before: State | None
    after: State
    events: tuple[Event, ...] = ()
    journals: tuple[Journal, ...] = ()
    line: LineDelta = LineDelta()
    credit_minor: int = 0


class Settlement(msgspec.Struct, Generic[Key], frozen=True, kw_only=True):
    """What a receipt, or its reversal, does to all the drawdowns that it reaches.

    `rest_minor` (negative in a reversal) reached none; `credit_minor` is the whole change of the buyer's
    credit balance, that of `moved` included.
    """

    moved: tuple[Moved[Key], ...]
    rest_minor: int = 0
    rest_postings: tuple[Posting, ...] = ()
    credit_minor: int = 0
