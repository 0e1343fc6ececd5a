"""The state of a drawdown, and its sums: what follows from terms and events. All frozen, all JSON."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from billing.rules.events import Source
from products.rules.terms import Component, Form

Status = Literal["authorised", "captured", "closed", "voided", "expired"]

CAPTURE_STRIDE = 10_000
PLAN_STRIDE = 1_000
DISPUTED_STRIDE = 100
CHARGES_FROM = 9_000
"""How a row's number is made: docs/decisions/0007-the-whole-engine.md."""


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
        amount: int = getattr(self, component)
        return amount


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
    """A row: one due date of one capture. How `no` is made: docs/decisions/0007.

    `nominal_on` ends the period and its interest, `months` whole months long (0: broken or in days); `due_on`
    and `grace_on` (the last day of grace) rule past due and penalty. `fee_minor` is charged,
    `planned_fee_minor` will be on the charge date. `through_on`: interest is accrued ahead, until that day
    (a nominal date that moves later leaves nights to come).
    """

    no: int
    capture_no: int
    start_on: date
    nominal_on: date
    due_on: date
    grace_on: date
    principal_minor: int
    months: int = 0
    fee_minor: int = 0
    planned_fee_minor: int = 0
    paid: Parts = NOTHING
    waived: Parts = NOTHING
    subsidised: Parts = NOTHING
    interest: Accrual = Accrual()
    late: Accrual = Accrual()
    penalty: Accrual = Accrual()
    silent_exact: int = 0
    cap_exact: int = 0
    past_due: bool = False
    disputed: bool = False
    through_on: date | None = None
    settled_on: date | None = None
    reopened_on: date | None = None

    @property
    def open_minor(self) -> int:
        """Principal not yet paid, nor written off as a small difference."""
        return self.principal_minor - self.paid.principal - self.waived.principal

    @property
    def charge_on(self) -> date:
        """Where its interest is charged: a `preceding` shift asks for the whole period's earlier."""
        return min(self.nominal_on, self.due_on)

    @property
    def is_accrued(self) -> bool:
        """The interest of its whole period has been asked ahead."""
        return self.through_on is not None and self.through_on >= self.nominal_on

    @property
    def is_charge(self) -> bool:
        """An explicit charge: no part of the plan."""
        return self.no % CAPTURE_STRIDE > CHARGES_FROM


class Capture(msgspec.Struct, frozen=True, array_like=True):
    """`amount_minor` is financed, `down_minor` the buyer's own part; `merchant_fee_minor` is what is kept
    after refunds, of it `merchant_share_minor` the merchant's part of the drawdown fee; `payment_minor`
    the level payment, where there is one; `plan` counts restructures."""

    no: int
    captured_on: date
    amount_minor: int
    refunded_minor: int = 0
    merchant_fee_minor: int = 0
    down_minor: int = 0
    down_refunded_minor: int = 0
    payment_minor: int = 0
    merchant_share_minor: int = 0
    plan: int = 0
    conversion: bool = False
    form: Form | None = None


class ReceiptPart(msgspec.Struct, frozen=True, array_like=True):
    """What one receipt paid on one instalment."""

    instalment_no: int
    paid: Parts


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """A receipt that stands: `amount_minor` = its parts + `excess_minor`, which is the buyer's credit.

    `prepayment_fees` (instalment, minor units) fell due by it and fall away with it.
    """

    receipt_id: UUID
    received_on: date
    amount_minor: int
    source: Source
    parts: tuple[ReceiptPart, ...] = ()
    excess_minor: int = 0
    prepayment_fees: tuple[tuple[int, int], ...] = ()


class Silence(msgspec.Struct, frozen=True, array_like=True):
    silence_id: UUID
    amount_minor: int
    until_on: date


class Dispute(msgspec.Struct, frozen=True, array_like=True):
    """Open: `nos` are the disputed rows."""

    dispute_id: UUID
    capture_no: int
    nos: tuple[int, ...]


class WriteOff(msgspec.Struct, frozen=True, array_like=True):
    """What the books knew when the debt was written off."""

    on: date
    charged: Parts
    open_minor: int


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything about one drawdown at the opening of `as_of`, with the events of that day up to `last_rank`.

    `last_on`, `last_rank`, `last_seq`: how far the event log has been applied.
    """

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
    rates: tuple[tuple[date, int], ...] = ()
    pauses: tuple[tuple[date, date], ...] = ()
    disputes: tuple[Dispute, ...] = ()
    silences: tuple[Silence, ...] = ()
    reaged_on: date | None = None
    reaged_days: int = 0
    non_accrual_on: date | None = None
    write_off: WriteOff | None = None
    capitalised: Parts = NOTHING
    small: Parts = NOTHING
    converted_minor: int = 0
    last_on: date
    last_rank: int
    last_seq: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The sums that the ledger mirrors. Always: Σ received_* = paid.total + excess.

    `charged` is what the buyer's accounts were debited with; of it `recovered_charges` went to recovery
    income.
    """

    captured: int = 0
    converted_in: int = 0
    converted_out: int = 0
    down_payment: int = 0
    down_returned: int = 0
    refunded: int = 0
    merchant_fee: int = 0
    charged: Parts = NOTHING
    subsidised: Parts = NOTHING
    capitalised: Parts = NOTHING
    waived: Parts = NOTHING
    small: Parts = NOTHING
    paid: Parts = NOTHING
    received_cash: int = 0
    received_credit: int = 0
    received_set_off: int = 0
    received_goodwill: int = 0
    excess: int = 0
    written_off: int = 0
    recovered_principal: int = 0
    recovered_charges: Parts = NOTHING


ENGINE_VERSION = 3
"""Raised whenever the engine would replay the same events to another state."""

_state_decoder = msgspec.json.Decoder(State)
_encoder = msgspec.json.Encoder()


def encode_state(state: State) -> bytes:
    return _encoder.encode(state)


def decode_state(document: bytes | str) -> State:
    return _state_decoder.decode(document)
