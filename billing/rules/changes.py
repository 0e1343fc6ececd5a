"""What changed between two states of a drawdown: charges with their derivation, allocations, postings."""

from datetime import date
from typing import Literal
from uuid import UUID

from billing.rules import interest, penalty
from billing.rules.accounts import Parties, post
from billing.rules.accrual import DENOMINATOR, charge
from billing.rules.decision import Allocation, Charge, Journal, JournalKind
from billing.rules.state import totals
from billing.rules.values import NOTHING, Accrual, Instalment, Parts, State
from products.rules.terms import COMPONENTS, Terms, plain

NO_ACCRUAL = Accrual()


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
    """Per instalment and kind, the change of what is charged."""
    earlier = {i.no: i for i in before.instalments} if before else {}
    found = []
    for now in after.instalments:
        was = earlier.get(now.no)
        was_interest, was_penalty = (was.interest, was.penalty) if was else (NO_ACCRUAL, NO_ACCRUAL)
        if now.interest.charged_minor != was_interest.charged_minor:
            found.append(_charge(terms, now, "interest", was_interest, now.interest, on))
        if now.penalty.charged_minor != was_penalty.charged_minor:
            found.append(_charge(terms, was or now, "penalty", was_penalty, now.penalty, on))
    return tuple(found)


def _charge(
    terms: Terms,
    instalment: Instalment,
    kind: Literal["interest", "penalty"],
    was: Accrual,
    now: Accrual,
    on: date,
) -> Charge:
    run = now
    ended = charge(was, on, terms.rounding)
    if now == Accrual(earlier_minor=ended.charged_minor):
        run = ended  # its run ended on this day, and the state holds only what it came to
    rule = interest if kind == "interest" else penalty
    return Charge(
        instalment_no=instalment.no,
        kind=kind,
        amount_minor=run.charged_minor - was.charged_minor,
        from_on=rule.first_night(terms, instalment),
        to_on=run.run_on or on,
        base="open_principal" if kind == "interest" else terms.penalty_base,
        rate=plain(terms.daily_rate if kind == "interest" else terms.penalty_daily_rate),
        numerator=run.run_exact,
        denominator=DENOMINATOR,
        earlier_minor=run.earlier_minor,
        charged_before_minor=was.charged_minor,
    )


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
