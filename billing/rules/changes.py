"""What changed between two states of a drawdown: charges with their derivation, allocations, postings."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from billing.rules import interest, penalty
from billing.rules.accounts import Parties, post
from billing.rules.accrual import charge
from billing.rules.books import totals
from billing.rules.decision import Allocation, Charge, Journal, JournalKind
from billing.rules.values import NOTHING, Accrual, Instalment, Parts, State
from kernel.money import round_ratio
from products.rules.terms import COMPONENTS, Terms, plain

NO_ACCRUAL = Accrual()
Part = Literal["interest", "late", "penalty"]


def journal(
    kind: JournalKind, on: date, terms: Terms, parties: Parties, before: State | None, after: State
) -> tuple[Journal, ...]:
    """The one journal of this difference, or none if nothing changed that the books know."""
    postings = post(totals(before), totals(after), parties=parties)
    charges = charge_changes(terms, before, after, on)
    allocations = allocation_changes(before, after)
    if not (postings or charges or allocations):
        return ()
    return (Journal(kind=kind, effective_on=on, postings=postings, charges=charges, allocations=allocations),)


def charge_changes(terms: Terms, before: State | None, after: State, on: date) -> tuple[Charge, ...]:
    """Per instalment and kind, the change of what is charged; of a row that is no more, all of it back."""
    earlier = {row.no: row for row in before.instalments} if before else {}
    found = []
    for now in after.instalments:
        was = earlier.pop(now.no, None)
        if was is not now and was != now:
            found += _row_changes(terms, after, was or _blank(now), now, on)
    for was in earlier.values():
        found += _row_changes(terms, before or after, was, _blank(was), on)
    return tuple(found)


def _blank(row: Instalment) -> Instalment:
    return replace(
        row, fee_minor=0, interest=NO_ACCRUAL, late=NO_ACCRUAL, penalty=NO_ACCRUAL, subsidised=NOTHING
    )


def _row_changes(terms: Terms, state: State, was: Instalment, now: Instalment, on: date) -> list[Charge]:
    found = []
    if now.interest.charged_minor != was.interest.charged_minor:
        found.append(_accrued(terms, state, was, now, "interest", on))
    if now.late.charged_minor != was.late.charged_minor:
        found.append(_accrued(terms, state, was, now, "late", on))
    if now.penalty.charged_minor != was.penalty.charged_minor:
        found.append(_accrued(terms, state, was, now, "penalty", on))
    if now.fee_minor != was.fee_minor:
        found.append(
            Charge(
                instalment_no=now.no,
                kind="fee",
                amount_minor=now.fee_minor - was.fee_minor,
                from_on=now.start_on,
                to_on=on,
                base="fee",
                rate="0",
                numerator=now.fee_minor * terms.denominator,
                denominator=terms.denominator,
                earlier_minor=0,
                charged_before_minor=was.fee_minor,
            )
        )
    return found


def _accrued(terms: Terms, state: State, was: Instalment, now: Instalment, part: Part, on: date) -> Charge:
    was_run, now_run = getattr(was, part), getattr(now, part)
    run = now_run
    ended = charge(terms, was_run, on)
    if now_run == Accrual(earlier_minor=ended.charged_minor):
        run = ended  # its run ended on this day, and the state holds only what it came to
    rates = {"interest": terms.rate, "late": terms.rate, "penalty": terms.penalty_daily_rate}
    bases = {"interest": "bearing_principal", "late": "open_principal", "penalty": terms.penalty_base}
    return Charge(
        instalment_no=now.no,
        kind="penalty" if part == "penalty" else "interest",
        amount_minor=now_run.charged_minor - was_run.charged_minor,
        from_on=_since(terms, state, was, part),
        to_on=run.run_on or on,
        base=bases[part],
        rate=plain(rates[part]),
        numerator=run.run_exact,
        denominator=terms.denominator,
        earlier_minor=run.earlier_minor,
        charged_before_minor=was_run.charged_minor,
        subsidised_minor=now.subsidised.interest if part == "interest" else 0,
        capped_minor=0 if part == "interest" else _cut_off(terms, run),
        late=part == "late",
    )


def _cut_off(terms: Terms, run: Accrual) -> int:
    """What the cap of the product or of the law waived of a run before it was charged."""
    return max(0, round_ratio(run.run_exact, terms.denominator, terms.rounding) - run.run_minor)


def _since(terms: Terms, state: State, row: Instalment, part: Part) -> date:
    if part == "interest":
        return interest.first_night(terms, state, row)
    return row.due_on if part == "late" else penalty.first_night(terms, row)


def allocation_changes(before: State | None, after: State) -> tuple[Allocation, ...]:
    """Per receipt, instalment and component, the change of what the receipt pays."""
    was, now = _by_receipt(before), _by_receipt(after)
    changes = {at: now.get(at, NOTHING).minus(was.get(at, NOTHING)) for at in {**was, **now}}
    return tuple(
        Allocation(receipt_id=receipt_id, instalment_no=no, component=component, amount_minor=amount)
        for (receipt_id, no), change in changes.items()
        for component in COMPONENTS
        if (amount := change.of(component))
    )


def _by_receipt(state: State | None) -> dict[tuple[UUID, int], Parts]:
    if state is None:
        return {}
    return {(r.receipt_id, part.instalment_no): part.paid for r in state.receipts for part in r.parts}
