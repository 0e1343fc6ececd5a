"""One case for the engine as a black box: reading it, refusing what is wrong with its place, telling the
state.

    {"terms": {…product document…}, "events": […], "as_of": "2027-12-31"}

The page for outsiders is docs/engine.md; this file imports neither web nor database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from billing.rules.books import totals
from billing.rules.changes import charge_changes
from billing.rules.events import Authorised, Captured, DueDate, Event, Received
from billing.rules.explain import explain
from billing.rules.later_dates import DATED, dated
from billing.rules.outlook import OutlookRow, outlook
from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff
from billing.rules.replay import Step, replay, replayed, timeline
from billing.rules.settle import share_of
from billing.rules.state import MOVES, Move, credit_minor, outstanding_minor
from billing.rules.values import Parts, State
from kernel.errors import FieldProblem, Invalid, Params
from kernel.ids import digest
from kernel.money import to_minor
from products.calendars import named
from products.rules.calendar import EVERY_DAY, Calendar
from products.rules.due_dates import nominal_dates, row_dates
from products.rules.product import PLAIN, Choice, Programme, resolve, validate
from products.rules.terms import Terms, billionths

_NOBODY: Final = UUID(int=0)
KINDS: Final[Mapping[str, Move]] = {
    "captured": "capture", "voided": "void", "refunded": "refund", "received": "receive", "waived": "waive",
    "receipt_reversed": "reverse_receipt", "charge_added": "charge", "disputed": "dispute",
    "dispute_resolved": "resolve_dispute", "silenced": "silence", "silence_ended": "end_silence",
    "rate_changed": "change_rate", "interest_paused": "pause_interest", "extended": "extend",
    "due_date_changed": "move_due_date", "due_day_changed": "change_due_day", "restructured": "restructure",
    "converted": "convert", "written_off": "write_off",
}  # fmt: skip
"""Each event of the log and the move that it is."""
_IDS: Final = (
    "receipt_id",
    "refund_id",
    "waiver_id",
    "charge_id",
    "dispute_id",
    "silence_id",
    "conversion_id",
    "conversion_of",
)
_NAMED: Final = {
    "received": "receipt_id", "receipt_reversed": "receipt_id", "refunded": "refund_id", "waived":
    "waiver_id", "charge_added": "charge_id", "disputed": "dispute_id", "dispute_resolved": "dispute_id",
    "silenced": "silence_id", "silence_ended": "silence_id", "converted": "conversion_id",
}  # fmt: skip
_FIELDS: Final = {
    str(kind.__struct_config__.tag): {"kind", "comment", *kind.__struct_fields__} for kind in get_args(Event)
}
_OF_A_CAPTURE: Final = ("refunded", "charge_added", "disputed", "restructured")


class Told(msgspec.Struct, kw_only=True):
    """The state of one case. Amounts are minor units; `charges` are each change of what is charged, by its
    day.
    """

    name: str | None
    currency: str
    as_of: date
    status: str
    days_past_due: int
    totals: dict[str, int]
    payoff: dict[str, int]
    credit_minor: int
    schedule: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    events: list[dict[str, Any]]
    explanation: list[Any] | None = None


def run(case: Mapping[str, Any], *, explained: bool = False) -> Told:
    """Raises Invalid with the place and the rule of everything that is wrong with the case."""
    for key in ("terms", "events", "as_of"):
        if key not in case:
            raise _wrong(FieldProblem(f"#/{key}", "required"))
    as_of = _day("#/as_of", case["as_of"])
    terms = read_terms(case)
    events = read_events(case, terms)
    if as_of < events[0].effective_on:
        raise _wrong(FieldProblem("#/as_of", "before_the_first_event"))
    implied = len(events) - len(case["events"])
    events = _with_resets(terms, events, as_of)
    steps = _walk(terms, events, as_of, skipped=implied)
    state = steps[-1].after
    closing = payoff(terms, state, as_of)
    return Told(
        name=case.get("name"),
        currency=terms.currency,
        as_of=as_of,
        status=state.status,
        days_past_due=days_past_due(state, as_of),
        totals=_totals(state),
        payoff=_parts(closing.parts) | {"total_minor": closing.total_minor},
        credit_minor=credit_minor(state),
        schedule=[_row(row) for row in outlook(terms, state)],
        charges=[
            {"on": step.on.isoformat()} | msgspec.to_builtins(charge)
            for step in steps
            for charge in charge_changes(terms, step.before, step.after, step.on)
        ],
        events=[_event(step) for step in steps if step.event is not None],
        explanation=[msgspec.to_builtins(row) for row in explain(terms, events, as_of)]
        if explained
        else None,
    )


def read_terms(case: Mapping[str, Any]) -> Terms:
    """The frozen terms of the case's product document and choice."""
    document = case["terms"]
    if problems := validate(document):
        raise Invalid(
            errors=tuple(
                FieldProblem(f"#/terms{found.pointer[1:]}", found.code, found.params) for found in problems
            )
        )
    try:
        choice = msgspec.convert(case.get("choice", {}), Choice)
    except msgspec.ValidationError:
        raise _wrong(FieldProblem("#/choice", "not_a_choice")) from None
    days = [_day(f"#/events/{n}/on", event["on"]) for n, event in enumerate(_plain(case)) if "on" in event]
    on = min(days, default=_day("#/as_of", case["as_of"]))
    return resolved(document, on, choice)


def resolved(document: Mapping[str, Any], on: date, choice: Choice = PLAIN) -> Terms:
    """Of a product of nobody's."""
    programme = Programme(currency=document["currency"], lender_book=_NOBODY, tenant_book=_NOBODY)
    return resolve(document, product_id=_NOBODY, product_version=1, programme=programme, on=on, choice=choice)


def _plain(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    events = case["events"]
    if not isinstance(events, list) or not events or not all(isinstance(event, dict) for event in events):
        raise _wrong(FieldProblem("#/events", "not_a_list"))
    return [_aliased(event) for event in events]


def _aliased(event: Mapping[str, Any]) -> dict[str, Any]:
    """`effective_on` may be written `on`."""
    found = dict(event)
    if "effective_on" in found:
        found["on"] = found.pop("effective_on")
    return found


def read_events(case: Mapping[str, Any], terms: Terms) -> tuple[Event, ...]:
    """In the order of recording. Amounts may be text in the currency; an authorisation may be left out."""
    given = _plain(case)
    calendar = read_calendar(case, terms)
    found: list[Event] = []
    if given[0].get("kind") != "authorised":
        found.append(_implied(given, terms))
    captures = 0
    for place, event in enumerate(given):
        at = f"#/events/{place}"
        captures += event.get("kind") == "captured"
        whole = _filled(event, at, terms, len(found) + 1, captures)
        try:
            made = msgspec.convert(whole, Event)
        except msgspec.ValidationError as error:
            raise _wrong(FieldProblem(at, "not_an_event", {"message": str(error)})) from None
        if calendar != EVERY_DAY:
            made = _dated(terms, found, made, calendar)
        found.append(made)
    return tuple(found)


def _with_resets(terms: Terms, events: tuple[Event, ...], as_of: date) -> tuple[Event, ...]:
    """A floating rate is set anew on its days, unless the case tells a change of that day."""
    if terms.rate_reset == "fixed":
        return events
    try:
        return (*events, *replayed(terms, events, as_of)[1])
    except ValueError:  # impossible: the walk through all events refuses it with its place
        return events


def _dated(terms: Terms, before: Sequence[Event], event: Event, calendar: Calendar) -> Event:
    """With the dates that the calendar gives it, unless the case tells them: as where it would be decided."""
    if any(getattr(event, name, None) for name in ("dates", "grace_on")):
        return event
    if isinstance(event, Captured):
        return msgspec.structs.replace(event, dates=shifted_dates(terms, event, calendar))
    if not isinstance(event, DATED):
        return event
    try:
        return dated(terms, replay(terms, before, event.effective_on), event, calendar)
    except ValueError:  # impossible: the walk through all events refuses it with its place
        return event


def shifted_dates(terms: Terms, event: Captured, calendar: Calendar) -> tuple[DueDate, ...]:
    not_before = event.booked_on + timedelta(terms.min_notice_days)
    nominal = nominal_dates(terms, event.effective_on)
    return tuple(DueDate(*dates) for dates in row_dates(terms, nominal, not_before, calendar))


def read_calendar(case: Mapping[str, Any], terms: Terms) -> Calendar:
    """The case's own, or the one that the product names."""
    if "calendar" not in case:
        return named(terms.calendar)
    try:
        return msgspec.convert(case["calendar"], Calendar)
    except msgspec.ValidationError as error:
        raise _wrong(FieldProblem("#/calendar", "not_a_calendar", {"message": str(error)})) from None


def _implied(given: Sequence[Mapping[str, Any]], terms: Terms) -> Authorised:
    amount_minor = 0
    for place, event in enumerate(given):
        if event.get("kind") == "captured":
            at = f"#/events/{place}"
            if "goods" in event or "goods_minor" in event:
                amount_minor += _financed(_money(event, "goods", at, terms), terms)["amount_minor"]
            else:
                amount_minor += _money(event, "amount", at, terms)
    days = [_day(f"#/events/{place}/on", event.get("on")) for place, event in enumerate(given)]
    on = min(days)
    return Authorised(seq=1, effective_on=on, amount_minor=amount_minor, expires_on=date.max)


def _filled(event: dict[str, Any], at: str, terms: Terms, seq: int, captures: int) -> dict[str, Any]:
    kind = event.get("kind")
    if kind != "authorised" and kind not in KINDS:
        raise _wrong(FieldProblem(f"{at}/kind", "unknown_value", {"allowed": ", ".join(KINDS)}))
    whole = {key: value for key, value in event.items() if key != "on"}
    whole |= {"seq": seq, "effective_on": _day(f"{at}/on", event.get("on")).isoformat()}
    if kind == "captured" and ("goods" in whole or "goods_minor" in whole):
        whole |= _financed(_money(whole, "goods", at, terms), terms)
        whole = {key: value for key, value in whole.items() if key not in ("goods", "goods_minor")}
    for key in ("amount", "fee", "interest", "penalty", "down_payment"):
        if key in whole:
            whole[f"{key}_minor"] = _money(whole, key, at, terms)
            del whole[key]
    if kind == "captured":
        whole = {"capture_no": captures, "booked_on": whole["effective_on"]} | whole
    if kind == "authorised":
        whole = {"expires_on": date.max.isoformat()} | whole
    if kind in _OF_A_CAPTURE:
        whole = {"capture_no": 1} | whole
    if kind == "refunded":
        whole = {"method": terms.refund_method} | whole
    if kind == "extended":
        whole = {"from_no": 1} | whole
    if kind in _NAMED:
        whole = {_NAMED[str(kind)]: f"event {seq}"} | whole
    for key in whole:
        if key not in _FIELDS[str(kind)]:
            raise _wrong(FieldProblem(f"{at}/{key}", "unknown_field"))
    return {key: _identity(value) if key in _IDS else value for key, value in whole.items()}


def _financed(goods_minor: int, terms: Terms) -> dict[str, int]:
    """Of goods with a down payment, what is financed; the buyer's own part is ours to know if it came to
    us.
    """
    own_minor = share_of(goods_minor, billionths(terms.down_payment_rate), terms)
    kept = own_minor if terms.down_payment_to == "us" else 0
    return {"amount_minor": goods_minor - own_minor, "down_payment_minor": kept}


def _money(event: Mapping[str, Any], key: str, at: str, terms: Terms) -> int:
    """`amount_minor`, or `amount` as text or a number in the currency."""
    if f"{key}_minor" in event:
        return int(event[f"{key}_minor"])
    try:
        return to_minor(Decimal(str(event[key])), terms.currency)
    except (KeyError, InvalidOperation, ValueError):
        raise _wrong(FieldProblem(f"{at}/{key}", "not_an_amount")) from None


def _identity(value: Any) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        return str(digest(str(value).encode()))


def _day(at: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(FieldProblem(at, "not_a_date")) from None


def _walk(terms: Terms, events: Sequence[Event], as_of: date, *, skipped: int) -> list[Step]:
    """Every stop; an event that the state of its moment does not allow is refused with its place."""
    steps: list[Step] = []
    begun = replay(terms, events[:1], events[0].effective_on)
    steps.append(Step(begun.as_of, events[0], begun, begun))
    for step in _stops(terms, events, as_of, skipped):
        if step.event is not None:
            move = KINDS[str(type(step.event).__struct_config__.tag)]
            if step.before.status not in MOVES[move]:
                at = _place(step.event, skipped)
                raise _wrong(FieldProblem(at, "wrong_state", {"status": step.before.status, "move": move}))
        steps.append(step)
    return steps


def _stops(terms: Terms, events: Sequence[Event], as_of: date, skipped: int) -> Iterator[Step]:
    """What cannot happen is told with the event after which the replay stopped."""
    stops = timeline(terms, events, as_of)
    order = iter(sorted(events, key=lambda event: (event.effective_on, event.rank, event.seq))[1:])
    coming = next(order, events[0])
    while True:
        try:
            step = next(stops)
        except StopIteration:
            return
        except ValueError as impossible:
            what: Params = {"message": str(impossible)}
            raise _wrong(FieldProblem(_place(coming, skipped), "impossible_event", what)) from None
        if step.event is not None:
            coming = next(order, coming)
        yield step


def _place(event: Event, skipped: int) -> str:
    return f"#/events/{event.seq - 1 - skipped}"


def _row(row: OutlookRow) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(row)
    for name in ("paid", "waived"):
        of_row: Parts = getattr(row, name)
        del plain[name]
        plain[f"{name}_minor"] = of_row.total
        plain |= {f"{part}_{name}_minor": getattr(of_row, part) for part in of_row.__struct_fields__}
    return plain


def _parts(parts: Parts) -> dict[str, int]:
    return {f"{name}_minor": getattr(parts, name) for name in ("principal", "interest", "fee", "penalty")}


def _totals(state: State) -> dict[str, int]:
    sums = totals(state)
    owing = Parts()
    for row in state.instalments:
        owing = owing.plus(
            Parts(interest=row.interest.charged_minor + row.late.charged_minor, fee=row.fee_minor)
        )
        owing = owing.plus(Parts(penalty=row.penalty.charged_minor))
    return {
        "captured_minor": sum(capture.amount_minor for capture in state.captures),
        "refunded_minor": sums.refunded,
        "outstanding_principal_minor": outstanding_minor(state),
        "interest_charged_minor": owing.interest,
        "fee_charged_minor": owing.fee,
        "penalty_charged_minor": owing.penalty,
        "paid_minor": sums.paid.total,
        "waived_minor": sums.waived.total + sums.small.total,
        "received_minor": sum(receipt.amount_minor for receipt in state.receipts),
    }


def _event(step: Step) -> dict[str, Any]:
    """The event, and for a receipt what it paid at that moment (a later one may share it out anew)."""
    assert step.event is not None
    plain: dict[str, Any] = msgspec.to_builtins(step.event)
    if isinstance(step.event, Received):
        stands = [r for r in step.after.receipts if r.receipt_id == step.event.receipt_id]
        plain["allocation"] = [
            {"instalment_no": part.instalment_no} | _parts(part.paid) for r in stands for part in r.parts
        ]
        plain["excess_minor"] = sum(r.excess_minor for r in stands)
    return plain


def _wrong(found: FieldProblem) -> Invalid:
    return Invalid(errors=(found,))
