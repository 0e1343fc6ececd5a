"""The pure engine at hand: a case replayed, and what a product would cost.

Imports neither web nor database, so that a number can be checked anywhere.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from app.cli.commands import group, pure
from app.cli.documents import read_any, read_json
from app.cli.engine_case import resolved, run
from app.cli.failures import CommandError, problem
from app.cli.values import Amount, AmountMinor, day, minor
from billing.rules.quote import quote
from kernel.errors import Invalid
from kernel.i18n import text
from products.rules.product import validate
from products.rules.terms import Terms

app = group("The pure engine, without database or server: FILE.json (a case), quote.", default="run")

Product = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="A product document as JSON, instead of the options"),
]


class Cases(list[Any]):
    """One answer a case, in their order."""

    @property
    def failed(self) -> bool:
        """Whether one of them was refused."""
        return any(isinstance(one, dict) and "error" in one for one in self)


class Quoted(msgspec.Struct):
    """`irr_*`: fractions a year."""

    currency: str
    captured_on: date
    principal_minor: int
    total_cost_minor: int
    irr_simple: str | None
    irr_compound: str | None
    schedule: list[dict[str, Any]]


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
    on = day(captured_on)
    assert on is not None
    terms = _terms(document, on)
    amount_minor = minor(amount, amount_minor, terms.currency)
    if not amount_minor:
        raise typer.BadParameter("there is nothing to quote for an amount of 0")
    found = quote(terms, amount_minor, on)
    return Quoted(
        currency=terms.currency,
        captured_on=on,
        principal_minor=found.principal_minor,
        total_cost_minor=found.total_cost_minor,
        irr_simple=_rate(found.irr_simple),
        irr_compound=_rate(found.irr_compound),
        schedule=[msgspec.to_builtins(row) for row in found.schedule],
    )


@pure(app, "run")
async def run_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One case or an array of them; - reads it here")
    ],
    explain: Annotated[bool, typer.Option("--explain", help="With the tree behind each amount")] = False,
) -> object:
    """The engine as a black box: terms and events in, the state on a day out. See docs/engine.md.

    tradeline engine FILE.json does the same. Of an array each case is answered in its place, a wrong one
    with what is wrong.
    """
    given = read_any(file)
    if isinstance(given, dict):
        return run(given, explained=explain)
    return Cases(_answered(case, explain) for case in given)


def _answered(case: Any, explained: bool) -> Any:
    try:
        return run(case if isinstance(case, dict) else {}, explained=explained)
    except Invalid as refused:
        name = case.get("name") if isinstance(case, dict) else None
        return {"name": name, "error": [problem(found) for found in refused.errors]}


def _terms(document: Any, on: date) -> Terms:
    if found := validate(document, on=on):
        places = "; ".join(
            f"{one.pointer} {text('en', f'error.{one.code}.detail', **one.params)}" for one in found
        )
        raise CommandError(f"the product document cannot be used: {places}", "correct it and try again")
    return resolved(document, on)


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.6f}"
