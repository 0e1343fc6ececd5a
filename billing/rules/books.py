"""What the books see of a state: its sums, non-accrual and write-off included (DOMAIN.md §11, §13).

In non-accrual charges are worth what was paid of them; the rest is a memo claim. Written off, principal
stands against a contra account, and later money is recovery.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.events import WrittenOff
from billing.rules.values import NOTHING, Instalment, Parts, State, Totals, WriteOff
from products.rules.terms import Terms


def non_accrual_from(terms: Terms, state: State) -> date | None:
    """The opening on which days past due reached `non_accrual_days`, until nothing is past due."""
    if state.write_off is not None:
        return state.non_accrual_on
    if terms.non_accrual_days is None:
        return None
    late = [row.due_on for row in state.instalments if row.past_due]
    if not late:
        return None
    if state.non_accrual_on is not None:
        return state.non_accrual_on
    reached_on = min(late) + timedelta(terms.non_accrual_days)
    return reached_on if reached_on <= state.as_of else None


def write_off(terms: Terms, state: State, event: WrittenOff) -> State:
    """What the books knew that day; what the buyer owes goes on. Raises ValueError on a second one."""
    if state.write_off is not None:
        raise ValueError(f"written off already: {event}")
    state = replace(state, non_accrual_on=state.non_accrual_on or event.effective_on)
    open_minor = sum(row.open_minor for row in state.instalments)
    return replace(state, write_off=WriteOff(event.effective_on, totals(state).charged, open_minor))


def totals(state: State | None) -> Totals:
    """Of a drawdown that does not exist yet: zeros."""
    if state is None:
        return Totals()
    owing, paid, waived, shared = _row_sums(state.instalments)
    received = dict.fromkeys(("cash", "credit", "set_off", "goodwill"), 0)
    excess = 0
    for receipt in state.receipts:
        received[receipt.source] += receipt.amount_minor
        excess += receipt.excess_minor
    if state.non_accrual_on is not None:
        owing = replace(paid.plus(waived), principal=owing.principal)
    sums = Totals(
        captured=sum(c.amount_minor for c in state.captures if not c.conversion),
        converted_in=sum(c.amount_minor for c in state.captures if c.conversion),
        converted_out=state.converted_minor,
        down_payment=sum(c.down_minor for c in state.captures),
        down_returned=sum(c.down_refunded_minor for c in state.captures),
        refunded=sum(c.refunded_minor for c in state.captures),
        merchant_fee=sum(c.merchant_fee_minor for c in state.captures),
        charged=owing,
        subsidised=shared,
        capitalised=state.capitalised,
        waived=waived.minus(state.small).minus(state.capitalised),
        small=state.small,
        paid=paid,
        received_cash=received["cash"],
        received_credit=received["credit"],
        received_set_off=received["set_off"],
        received_goodwill=received["goodwill"],
        excess=excess,
    )
    return _written_off(state.write_off, sums, owing.minus(paid).minus(waived).principal)


def _row_sums(rows: tuple[Instalment, ...]) -> tuple[Parts, Parts, Parts, Parts]:
    """Charged, paid, waived, subsidised; in plain sums, for a day end asks for millions of them."""
    penalty = fee = interest = principal = 0
    paid_penalty = paid_fee = paid_interest = paid_principal = 0
    waived, shared = NOTHING, NOTHING
    for row in rows:
        accrual = row.penalty
        penalty += accrual.earlier_minor + accrual.run_minor
        accrual = row.interest
        interest += accrual.earlier_minor + accrual.run_minor
        accrual = row.late
        interest += accrual.earlier_minor + accrual.run_minor
        fee += row.fee_minor
        principal += row.principal_minor
        paid = row.paid
        if paid is not NOTHING:
            paid_penalty += paid.penalty
            paid_fee += paid.fee
            paid_interest += paid.interest
            paid_principal += paid.principal
        if row.waived is not NOTHING:
            waived = waived.plus(row.waived)
        if row.subsidised is not NOTHING:
            shared = shared.plus(row.subsidised)
    owing = Parts(penalty, fee, interest, principal)
    return owing, Parts(paid_penalty, paid_fee, paid_interest, paid_principal), waived, shared


def _written_off(found: WriteOff | None, sums: Totals, open_minor: int) -> Totals:
    if found is None:
        return sums
    lost_minor = found.open_minor
    return replace(
        sums,
        written_off=lost_minor,
        recovered_principal=lost_minor - open_minor,
        recovered_charges=replace(sums.charged.minus(found.charged), principal=0),
    )
