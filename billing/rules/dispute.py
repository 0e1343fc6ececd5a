"""A dispute names goods and an amount; only that amount stops (DOMAIN.md §11)."""

from datetime import timedelta

from msgspec.structs import replace

from billing.rules.events import Disputed, DisputeResolved
from billing.rules.plan import HOW_REFUND, replan
from billing.rules.rows import in_order, to_come, with_rows, without_paid
from billing.rules.schedule import last_grace_day
from billing.rules.settle import settle, settle_captures
from billing.rules.values import DISPUTED_STRIDE, Dispute, Instalment, State
from products.rules.terms import Terms


def disputable_minor(state: State, capture_no: int) -> int:
    """Open principal of the capture, what is in dispute already apart."""
    return sum(row.open_minor for row in _open(state, capture_no))


def dispute(terms: Terms, state: State, event: Disputed) -> State:
    """The amount leaves the rows as a refund would, into parts of their own, as far as it is open."""
    coming = to_come(state, event.capture_no)
    from_coming = min(event.amount_minor, sum(row.open_minor for row in coming))
    before = {row.no: row for row in state.instalments}
    taken: dict[int, int] = {}
    if from_coming:
        how = HOW_REFUND[terms.refund_order]
        state, taken = replan(terms, state, event.capture_no, paid_minor=from_coming, how=how)
        state = without_paid(state, taken)  # `replan` books it as paid; it was not
    left_minor = event.amount_minor - from_coming
    for row in sorted(_open(state, event.capture_no), key=lambda row: -row.no):
        if row.no not in {other.no for other in coming} and (part := min(left_minor, row.open_minor)):
            taken[row.no] = part
            left_minor -= part
            state = with_rows(state, [replace(row, principal_minor=row.principal_minor - part)])
    parts: list[Instalment] = []
    for no, amount in taken.items():
        parts.append(_part_of((*state.instalments, *parts), before[no], amount))
    state = replace(
        state,
        instalments=in_order((*state.instalments, *parts)),
        disputes=(
            *state.disputes,
            Dispute(event.dispute_id, event.capture_no, tuple(sorted(part.no for part in parts))),
        ),
    )
    return settle_captures(terms, state, [event.capture_no])


def resolve(terms: Terms, state: State, event: DisputeResolved) -> State:
    """Lost, the parts are due again, not before the verdict + `dispute_days`; won, they wait for their
    refund.

    Raises ValueError if the dispute is not open.
    """
    found = next((d for d in state.disputes if d.dispute_id == event.dispute_id), None)
    if found is None:
        raise ValueError(f"dispute {event.dispute_id} is not open")
    state = replace(state, disputes=tuple(d for d in state.disputes if d is not found))
    if event.verdict == "won":
        return state
    not_before = event.due_on or event.effective_on + timedelta(terms.dispute_days)
    new_grace_on = event.grace_on or last_grace_day(terms, not_before)
    changed = []
    for row in state.instalments:
        if row.no in found.nos:
            due_on = max(row.due_on, not_before)
            grace_on = row.grace_on if due_on == row.due_on else new_grace_on
            row = replace(row, disputed=False, due_on=due_on, grace_on=grace_on)
            changed.append(row)
    state = with_rows(state, changed)
    return settle(terms, state, changed)


def _open(state: State, capture_no: int) -> list[Instalment]:
    return [
        row
        for row in state.instalments
        if row.capture_no == capture_no and not row.disputed and not row.settled_on and row.open_minor
    ]


def _part_of(rows: tuple[Instalment, ...], row: Instalment, amount_minor: int) -> Instalment:
    """A row can be disputed again: each part has the next free number after its row's. What was paid ahead of
    the row's interest is paid of the part's.
    """
    known = {other.no for other in rows}
    no = row.no
    while no in known:
        no += DISPUTED_STRIDE
    return Instalment(
        no=no,
        capture_no=row.capture_no,
        start_on=row.start_on,
        nominal_on=row.nominal_on,
        due_on=row.due_on,
        grace_on=row.grace_on,
        principal_minor=amount_minor,
        months=row.months,
        disputed=True,
        through_on=row.through_on,
    )
