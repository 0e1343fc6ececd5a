"""Conversion to instalments: what it does to the drawdown and to the one that it makes, or why it is refused
(DOMAIN.md §10).
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from msgspec.structs import replace

from billing.rules.conversion import convertible
from billing.rules.decide import authorise, not_judged
from billing.rules.decision import Drawdown, LineDelta, Moved, Refusal
from billing.rules.events import Captured, Converted, DueDate, Event
from billing.rules.moves import move, on_its_day
from billing.rules.values import Instalment, State
from products.rules.terms import Terms


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of one command: principal that leaves `out` is all that `into` begins with."""

    out: Moved[UUID]
    into: Moved[UUID]
    amount_minor: int


def convert(
    drawdown: Drawdown[UUID], *, conversion_id: UUID, terms: Terms, dates: tuple[DueDate, ...],
    nos: Sequence[int] | None, today: date,
) -> Conversion | Refusal:  # fmt: skip
    """All open principal of the rows `nos` (None: of all rows) becomes the drawdown `conversion_id` under
    `terms`, captured today with `dates`. The line is used as before, so it needs no room.
    """
    if refusal := not_judged(drawdown, "convert", today, today):
        return refusal
    state = on_its_day(drawdown, "convert", on=today, today=today)
    assert state is not None
    if any(row.past_due and not row.disputed for row in state.instalments):
        return Refusal("past_due")
    if state.write_off is not None:
        return Refusal("written_off_already", {"on": str(state.write_off.on)})
    if (
        state.capitalised.total
    ):  # which an earlier day's receipt may undo: more would have left than there was
        return Refusal("charges_capitalised")
    rows = _chosen(drawdown.terms, state, nos)
    if isinstance(rows, Refusal):
        return rows
    amount_minor = sum(row.open_minor for row in rows)
    if not amount_minor:
        return Refusal("nothing_to_convert")
    into = _begun(drawdown, conversion_id, terms, dates, amount_minor, today)
    if isinstance(into, Refusal):
        return into
    out = _converted(drawdown, conversion_id, rows, today)
    return Conversion(out=out, into=into, amount_minor=amount_minor)


def _chosen(terms: Terms, state: State, nos: Sequence[int] | None) -> list[Instalment] | Refusal:
    by_no = {row.no: row for row in state.instalments}
    if nos is None:
        nos = [row.no for row in state.instalments if row.open_minor and not row.disputed]
    for no in nos:
        if no not in by_no:
            return Refusal("instalment_not_found", {"instalment_no": no})
        if not convertible(terms, state, by_no[no]):
            return Refusal("instalment_not_convertible", {"instalment_no": no})
    return [by_no[no] for no in sorted(set(nos))]


def _begun(
    source: Drawdown[UUID], key: UUID, terms: Terms, dates: tuple[DueDate, ...], amount_minor: int,
    today: date,
) -> Moved[UUID] | Refusal:  # fmt: skip
    """Authorised and captured at once."""
    held = authorise(key, terms, amount_minor=amount_minor, today=today)
    if isinstance(held, Refusal):
        return held
    new = Drawdown(key=key, terms=terms, parties=source.parties, state=held.after, events=held.events)
    event = Captured(
        seq=2,
        effective_on=today,
        capture_no=1,
        amount_minor=amount_minor,
        booked_on=today,
        dates=dates,
        source="conversion",
        conversion_of=source.key,
    )
    captured = move(new, event, "conversion", today=today)
    return replace(
        captured,
        before=None,
        events=(*held.events, event),
        line=LineDelta(held=0, outstanding=amount_minor, need=0),
    )


def _converted(
    drawdown: Drawdown[UUID], conversion_id: UUID, rows: Sequence[Instalment], today: date
) -> Moved[UUID]:
    """One event a row, all in one step of the drawdown."""
    done: list[Moved[UUID]] = []
    events: list[Event] = []
    for row in rows:
        event = Converted(
            seq=drawdown.state.last_seq + 1,
            effective_on=today,
            conversion_id=conversion_id,
            instalment_no=row.no,
            amount_minor=row.open_minor,
        )
        events.append(event)
        done.append(move(drawdown, event, "conversion", today=today))
        known = None if drawdown.events is None else (*drawdown.events, event)
        drawdown = replace(drawdown, state=done[-1].after, events=known)
    return Moved(
        key=drawdown.key,
        before=done[0].before,
        after=done[-1].after,
        events=tuple(events),
        journals=tuple(journal for moved in done for journal in moved.journals),
        line=LineDelta(
            held=sum(moved.line.held for moved in done),
            outstanding=sum(moved.line.outstanding for moved in done),
        ),
        credit_minor=sum(moved.credit_minor for moved in done),
    )
