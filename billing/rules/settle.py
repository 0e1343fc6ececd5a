"""What is charged on a row, what is owed, and when nothing of it is owed any more."""

from collections.abc import Container, Iterable
from datetime import date

from msgspec.structs import replace

from billing.rules.accrual import charge, closed
from billing.rules.interest import free_until, interest_on
from billing.rules.rows import is_last, left_minor, with_rows
from billing.rules.values import Accrual, Instalment, Parts, State
from kernel.money import round_ratio
from products.rules.terms import RATE_SCALE, Terms, billionths

CAP_DENOMINATOR = RATE_SCALE * 365
"""A law's cap is principal × yearly rate × days ÷ 365, whatever the product's day count."""


def share_of(amount_minor: int, billionths_: int, terms: Terms) -> int:
    """0.333333333 of 1.00 is 0.33."""
    return round_ratio(amount_minor * billionths_, RATE_SCALE, terms.rounding) if billionths_ else 0


def charge_interest(terms: Terms, row: Instalment, on: date) -> Instalment:
    """Rounded as it stands on `on`; of the whole, a subsidiser's share is not the buyer's."""
    if row.interest.exact == row.interest.run_exact:
        return row
    done = charge(terms, row.interest, on)
    if terms.subsidiser is not None:
        share = share_of(done.run_minor, billionths(terms.subsidised_interest), terms)
        done = replace(done, run_minor=done.run_minor - share)
        row = replace(row, subsidised=replace(row.subsidised, interest=share))
    return replace(row, interest=done)


def charge_past_due(terms: Terms, row: Instalment, on: date) -> Instalment:
    """Penalty, and interest after the due date. What counts only while grace lasts is not charged."""
    if not row.past_due or (
        row.late.exact == row.late.run_exact and row.penalty.exact == row.penalty.run_exact
    ):
        return row
    late, penalty = charge(terms, row.late, on), charge(terms, row.penalty, on)
    if terms.penalty_cap_rate is not None:
        most = share_of(row.principal_minor, billionths(terms.penalty_cap_rate), terms)
        penalty = _at_most(penalty, most - penalty.earlier_minor, row.penalty)
    if terms.cap_annual_rate is not None:
        most = row.cap_exact // CAP_DENOMINATOR
        late = _at_most(late, most, row.late)
        penalty = _at_most(penalty, most - late.run_minor, row.penalty)
    return replace(row, late=late, penalty=penalty)


def _at_most(accrual: Accrual, most_minor: int, before: Accrual) -> Accrual:
    """What the cap cuts off of a run is never charged (DOMAIN.md §3, law); what was charged before stays."""
    most_minor = max(most_minor, before.run_minor)
    return accrual if accrual.run_minor <= most_minor else replace(accrual, run_minor=most_minor)


def run_ended(row: Instalment) -> Instalment:
    """The past-due run is over: what it came to stays; what comes is a run of its own, with a cap of its
    own.
    """
    return replace(row, penalty=closed(row.penalty), late=closed(row.late), cap_exact=0, past_due=False)


def charge_all(terms: Terms, row: Instalment, on: date) -> Instalment:
    """Interest and penalty rounded as they stand on `on`: what closes the row on that day."""
    return charge_interest(terms, charge_past_due(terms, row, on), on)


def charged(row: Instalment) -> Parts:
    return Parts(
        row.penalty.charged_minor,
        row.fee_minor,
        row.interest.charged_minor + row.late.charged_minor,
        row.principal_minor,
    )


def unpaid(row: Instalment) -> Parts:
    """Of what is charged."""
    paid, waived = row.paid, row.waived
    return Parts(
        row.penalty.charged_minor - paid.penalty - waived.penalty,
        row.fee_minor - paid.fee - waived.fee,
        row.interest.charged_minor + row.late.charged_minor - paid.interest - waived.interest,
        row.principal_minor - paid.principal - waived.principal,
    )


def owed(terms: Terms, state: State, row: Instalment) -> Parts:
    """By component, if all were paid on the state's day; nothing of interest that closing would forgive."""
    until = free_until(terms, state, row)
    if until is not None and state.as_of <= until:
        return unpaid(charge_past_due(terms, row, state.as_of))
    return unpaid(charge_all(terms, row, state.as_of))


def settled(terms: Terms, state: State, row: Instalment, on: date) -> Instalment:
    """Marked settled if nothing is owed nor can come, else as it was.

    Before its charge date that is so once nothing of its capture bears interest in its period. Not past
    due: its penalty nights are forgotten; closed in the free window: its interest too. A part in dispute is
    settled by the refund of all of it.
    """
    if row.settled_on or row.open_minor:
        return row
    if row.disputed:
        return replace(row, settled_on=on)
    until = free_until(terms, state, row)
    early = on < interest_on(terms, state, row) and not row.is_accrued and not row.is_charge
    if early and (row.charge_on > on or (until and on <= until)):
        fee_comes = row.planned_fee_minor and _fee_comes(terms, row, on)
        if left_minor(state, row) or fee_comes or _minimum_comes(terms, state, row):
            return row
        if until is not None and on <= until and not row.interest.charged_minor:
            row = replace(row, interest=Accrual())
    done = charge_all(terms, row, on)
    if unpaid(done).total:
        return row
    if not done.past_due:
        done = replace(run_ended(done), silent_exact=0)
    return replace(done, past_due=False, settled_on=on)


def _fee_comes(terms: Terms, row: Instalment, on: date) -> bool:
    """Whether the fee of a period is still to be charged though nothing of the principal is left."""
    begun = row.start_on <= on < row.charge_on
    return begun or terms.early_fees == "charged" or terms.prepayment == "next"


def _minimum_comes(terms: Terms, state: State, row: Instalment) -> bool:
    """Whether the row has to answer for the minimum charge of principal that falls due before it."""
    return (
        terms.minimum_charge_minor > 0
        and is_last(state, row)
        and any(
            other.open_minor and not other.disputed
            for other in state.instalments
            if other.capture_no == row.capture_no
        )
    )


def settle(terms: Terms, state: State, rows: Iterable[Instalment]) -> State:
    """The rows marked settled where nothing is owed, on the state's day."""
    paid = [row for row in rows if not row.settled_on and not row.open_minor]
    return with_rows(state, [settled(terms, state, row, state.as_of) for row in paid])


def settle_captures(terms: Terms, state: State, capture_nos: Container[int]) -> State:
    """The same of all rows of these captures."""
    rows = [row for row in state.instalments if not row.settled_on and row.capture_no in capture_nos]
    return settle(terms, state, rows)
