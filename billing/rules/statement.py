"""A statement (账单): what moved a line's debt in a cycle, and what it came to (DOMAIN.md §10).

Closing = opening + captured + converted + charged − paid − refunded − waived + corrections. What the buyer
owes is not what the books count as income: in non-accrual and after a write-off charges are a memo claim, so
they are read from the charges, everything else from the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from billing.rules.decision import JournalKind

LineKind = Literal["captured", "converted", "interest", "fee", "penalty", "paid", "refunded", "waived"]
"""converted: principal that another drawdown took over, or that this one took from another."""

KINDS: Final[tuple[LineKind, ...]] = get_args(LineKind)
EXPLAINED: Final = frozenset({"captured", "converted", "paid", "refunded", "waived"})
"""Kinds that point to an event; the others are charges, which have a tree of their own."""
_PARTS: Final = frozenset({"buyer_principal", "buyer_interest", "buyer_fee", "buyer_penalty"})
_JOURNALS: Final = frozenset(get_args(JournalKind))
_RECEIPTS: Final = frozenset({"receipt", "receipt_reversed"})
_OF: Final[dict[str, LineKind | None]] = {
    "cash_clearing": "paid",
    "goodwill": "paid",
    "buyer_credit": "paid",
    "conversion_clearing": "converted",
    "waiver": "waived",
    "small_differences": "waived",
    "interest_income": None,
    "fee_income": None,
    "penalty_income": None,
    "recovery_income": None,
}
"""By the account on the other side. Income: told by its charge."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """One posting of a drawdown, with the facts of its journal."""

    journal_id: UUID
    journal_kind: str
    drawdown_id: UUID
    order_ref: str | None
    effective_on: date
    booked_on: date
    debit_account: str
    credit_account: str
    amount_minor: int


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what is charged on one instalment; below 0: given back."""

    journal_id: UUID
    drawdown_id: UUID
    order_ref: str | None
    effective_on: date
    booked_on: date
    charge_id: UUID | None
    instalment_no: int
    kind: Literal["interest", "fee", "penalty"]
    amount_minor: int


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of the same line that was cut before."""

    id: UUID
    number: str
    cut_on: date
    closing_minor: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`amount_minor` is what it adds to the debt, below 0: what it takes off. `late_for`: the statement that
    it came too late for, being recorded after its cut.
    """

    journal_id: UUID
    drawdown_id: UUID
    order_ref: str | None
    kind: LineKind
    effective_on: date
    booked_on: date
    amount_minor: int
    charge_id: UUID | None = None
    instalment_no: int | None = None
    late_for: Earlier | None = None


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units. Paid, refunded and waived are positive where they take off; corrections are signed."""

    opening_minor: int
    captured_minor: int = 0
    converted_minor: int = 0
    interest_minor: int = 0
    fee_minor: int = 0
    penalty_minor: int = 0
    paid_minor: int = 0
    refunded_minor: int = 0
    waived_minor: int = 0
    corrections_minor: int = 0

    @property
    def charged_minor(self) -> int:
        return self.interest_minor + self.fee_minor + self.penalty_minor

    @property
    def closing_minor(self) -> int:
        more = self.captured_minor + self.converted_minor + self.charged_minor
        less = self.paid_minor + self.refunded_minor + self.waived_minor
        return self.opening_minor + more - less + self.corrections_minor


def effect(journal_kind: str, debit_account: str, credit_account: str) -> tuple[LineKind, int] | None:
    """What a posting is to the buyer, and whether it adds to the debt (1) or takes off it (−1).

    None: what is owed stays the same, or a charge tells of it. Raises ValueError for a kind of journal or a
    pair of accounts that no statement knows: nothing is a correction because it is unknown.
    """
    if journal_kind not in _JOURNALS:
        raise ValueError(f"a statement knows no journal {journal_kind!r}")
    parts = (debit_account in _PARTS) + (credit_account in _PARTS)
    if parts != 1:
        return None
    sign, other = (1, credit_account) if debit_account in _PARTS else (-1, debit_account)
    if other == "merchant_payable":
        if journal_kind in _RECEIPTS:  # paid to the merchant: set off
            return "paid", sign
        if "buyer_principal" in (debit_account, credit_account):
            return ("captured" if sign > 0 else "refunded"), sign
    if other not in _OF:
        raise ValueError(f"a statement knows no posting {debit_account} to {credit_account}: {journal_kind}")
    kind = _OF[other]
    return None if kind is None else (kind, sign)


def lines(
    posted: Iterable[Posted], charged: Iterable[Charged], earlier: Sequence[Earlier]
) -> tuple[Line, ...]:
    """By date, then by kind: one for each charge, one for all else of one kind that a journal moved.

    `earlier`: the line's statements in the order of their cuts. What counts for a day before the last of them
    was recorded after it: it is marked with the first that it belonged on.
    """
    sums: dict[tuple[UUID, LineKind], int] = defaultdict(int)
    of: dict[tuple[UUID, LineKind], Posted] = {}
    for one in posted:
        told = effect(one.journal_kind, one.debit_account, one.credit_account)
        if told is not None:
            kind, sign = told
            sums[one.journal_id, kind] += sign * one.amount_minor
            of.setdefault((one.journal_id, kind), one)
    found = [
        Line(
            journal_id=one.journal_id,
            drawdown_id=one.drawdown_id,
            order_ref=one.order_ref,
            kind=place[1],
            effective_on=one.effective_on,
            booked_on=one.booked_on,
            amount_minor=sums[place],
        )
        for place, one in of.items()
        if sums[place]
    ]
    found += [
        Line(
            journal_id=one.journal_id,
            drawdown_id=one.drawdown_id,
            order_ref=one.order_ref,
            kind=one.kind,
            effective_on=one.effective_on,
            booked_on=one.booked_on,
            amount_minor=one.amount_minor,
            charge_id=one.charge_id,
            instalment_no=one.instalment_no,
        )
        for one in charged
    ]
    found.sort(key=_order)
    if not earlier:
        return tuple(found)
    last_on = earlier[-1].cut_on
    return tuple(
        line if line.effective_on >= last_on else replace(line, late_for=_belonged_on(line, earlier))
        for line in found
    )


def _order(line: Line) -> tuple[date, int, UUID, UUID, int]:
    """The same whoever wrote the journals, and in whatever order."""
    place = KINDS.index(line.kind)
    return line.effective_on, place, line.drawdown_id, line.journal_id, line.instalment_no or 0


def _belonged_on(line: Line, earlier: Sequence[Earlier]) -> Earlier:
    return next(one for one in earlier if line.effective_on < one.cut_on)


def sums_of(opening_minor: int, found: Iterable[Line]) -> Sums:
    """The totals that the lines add up to; what is marked counts as a correction only."""
    by_kind: dict[LineKind, int] = dict.fromkeys(KINDS, 0)
    corrections_minor = 0
    for line in found:
        if line.late_for is None:
            by_kind[line.kind] += line.amount_minor
        else:
            corrections_minor += line.amount_minor
    return Sums(
        opening_minor=opening_minor,
        captured_minor=by_kind["captured"],
        converted_minor=by_kind["converted"],
        interest_minor=by_kind["interest"],
        fee_minor=by_kind["fee"],
        penalty_minor=by_kind["penalty"],
        paid_minor=-by_kind["paid"],
        refunded_minor=-by_kind["refunded"],
        waived_minor=-by_kind["waived"],
        corrections_minor=corrections_minor,
    )
