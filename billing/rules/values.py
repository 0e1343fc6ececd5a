"""The values of the engine: what happened (events) and what follows from it (state). All frozen, all JSON."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from products.rules.terms import Component

Status = Literal["authorised", "captured", "closed", "voided", "expired"]


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

_state_decoder = msgspec.json.Decoder(State)
_encoder = msgspec.json.Encoder()


def encode_state(state: State) -> bytes:
    return _encoder.encode(state)


def decode_state(document: bytes | str) -> State:
    return _state_decoder.decode(document)
