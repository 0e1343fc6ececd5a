"""The pure engine at hand: what a product would cost, and a drawdown replayed from its events.

Imports neither web nor database, so that a number can be checked anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
import typer

from app.cli.commands import group, pure
from app.cli.documents import read_json
from app.cli.failures import CommandError
from app.cli.values import Amount, AmountMinor, day, minor
from billing.rules.events import Event
from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff, quote
from billing.rules.replay import replay
from billing.rules.state import Projection, project
from kernel.i18n import text
from kernel.ids import digest
from products.rules.product import Programme, resolve, validate
from products.rules.terms import Terms

app = group("The pure engine: quote and replay, without database or server.")

Product = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="A product document as JSON, instead of the options"),
]
_NOBODY: Final = UUID(int=0)
_PLAIN: Final = Programme(currency="CNY", lender_book=_NOBODY, tenant_book=_NOBODY)


class Quoted(msgspec.Struct):
    """`irr_*`: fractions a year."""

    currency: str
    captured_on: date
    principal_minor: int
    total_cost_minor: int
    irr_simple: str
    irr_compound: str
    schedule: list[dict[str, Any]]


class Replayed(msgspec.Struct):
    """As of a day; `payoff`: what closes it then, by component."""

    currency: str
    as_of: date
    days_past_due: int
    payoff_total_minor: int
    payoff: dict[str, int]
    drawdown: Projection


@pure(app, "quote")
async def quote_(
    captured_on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="The day of capture")],
    amount: Amount = None,
    amount_minor: AmountMinor = None,
    file: Product = None,
    currency: Annotated[str, typer.Option(help="ISO 4217")] = "CNY",
    days: Annotated[int, typer.Option(help="Due so many days after capture")] = 60,
    free_days: Annotated[int, typer.Option(help="First nights without interest")] = 0,
    daily_rate: Annotated[str, typer.Option(help="As a fraction: 0.0005 is 5 per 10,000 a day")] = "0.0005",
) -> Quoted:
    """Schedule, total cost and both yearly rates, if all is paid when due.

    tradeline engine quote --amount 10000.00 --days 60 --free-days 40 --daily-rate 0.0005 --on 2027-03-01
    """
    document = (
        read_json(file)
        if file
        else {
            "currency": currency,
            "due_dates": {"days": days},
            "price": {"daily_rate": daily_rate, "interest_free": {"days": free_days}},
        }
    )
    terms = _terms(document)
    on = day(captured_on)
    assert on is not None
    amount_minor = minor(amount, amount_minor, terms.currency)
    if not amount_minor:
        raise typer.BadParameter("there is nothing to quote for an amount of 0")
    found = quote(terms, amount_minor, on)
    return Quoted(
        currency=terms.currency,
        captured_on=on,
        principal_minor=found.principal_minor,
        total_cost_minor=found.total_cost_minor,
        irr_simple=f"{found.irr_simple:.6f}",
        irr_compound=f"{found.irr_compound:.6f}",
        schedule=[msgspec.to_builtins(row) for row in found.schedule],
    )


@pure(app, "replay")
async def replay_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON with `document` and `events`; - reads it here")
    ],
    as_of: Annotated[str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="The day to look at")],
) -> Replayed:
    """Replay a drawdown: the product `document` and its `events`, in the order in which they were recorded.

    An event is {"kind": "authorised", "effective_on": "2027-03-01", "amount_minor": 1000000, "expires_on":
    "2027-03-31"}; then captured, voided, refunded, received, receipt_reversed. `seq` is their order; receipts
    and refunds may have any name as their id.
    """
    content = read_json(file)
    terms, events = _terms(content.get("document", {})), _events(file, content.get("events", []))
    on = day(as_of)
    assert on is not None
    if on < min(event.effective_on for event in events):
        raise CommandError("nothing has happened by that day", "choose a later --as-of")
    state = replay(terms, events, on)
    closing = payoff(terms, state, on)
    return Replayed(
        currency=terms.currency,
        as_of=on,
        days_past_due=days_past_due(state, on),
        payoff_total_minor=closing.total_minor,
        payoff={f"{name}_minor": getattr(closing.parts, name) for name in closing.parts.__struct_fields__},
        drawdown=project(terms, state),
    )


def _terms(document: Any) -> Terms:
    if found := validate(document):
        places = "; ".join(
            f"{one.pointer} {text('en', f'error.{one.code}.detail', **one.params)}" for one in found
        )
        raise CommandError(f"the product document cannot be used: {places}", "correct it and try again")
    programme = msgspec.structs.replace(_PLAIN, currency=document["currency"])
    return resolve(document, product_id=_NOBODY, product_version=1, programme=programme)


def _events(file: Path, given: Any) -> Sequence[Event]:
    """With `seq` by their order, and ids made of names."""
    if not isinstance(given, list) or not given:
        raise CommandError(f"{file} has no events", "give a list of them as `events`", exit_code=2)
    numbered = [
        {"seq": number} | {name: _id(name, value) for name, value in event.items()}
        for number, event in enumerate(given, 1)
        if isinstance(event, dict)
    ]
    try:
        return msgspec.convert(numbered, tuple[Event, ...])
    except msgspec.ValidationError as error:
        raise CommandError(f"{file}: events: {error}", "correct it there", exit_code=2) from None


def _id(name: str, value: Any) -> Any:
    if name not in ("receipt_id", "refund_id") or not isinstance(value, str):
        return value
    try:
        return str(UUID(value))
    except ValueError:
        return str(digest(value.encode()))
