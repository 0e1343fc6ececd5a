"""What is typed on the command line: amounts, dates, durations, read exactly or refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

import typer

from kernel.money import UnknownCurrency, to_minor

MOST_MINOR: Final = 10**15

Amount = Annotated[
    str | None, typer.Option("--amount", metavar="1288.00", help="In the currency's units, exact decimals")
]
AmountMinor = Annotated[
    int | None, typer.Option("--amount-minor", help="In minor units, instead of --amount")
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="YYYY-MM-DD", help="The business date it counts for; today without"),
]

_DECIMAL: Final = re.compile(r"[0-9]{1,16}(\.[0-9]{1,4})?")
_DAYS: Final = re.compile(r"\+([0-9]{1,4})d")


def minor(amount: str | None, amount_minor: int | None, currency: str) -> int:
    """Minor units of what `--amount` or `--amount-minor` says."""
    found = minor_or_none(amount, amount_minor, currency)
    if found is None:
        raise typer.BadParameter("give --amount 1288.00 or --amount-minor 128800")
    return found


def minor_or_none(amount: str | None, amount_minor: int | None, currency: str) -> int | None:
    """As `minor`; None where neither is given. 1288.00 CNY is 128800; 1288.001 CNY is refused."""
    if amount is not None and amount_minor is not None:
        raise typer.BadParameter("give --amount or --amount-minor, not both")
    if amount is None and amount_minor is None:
        return None
    if amount is not None:
        if not _DECIMAL.fullmatch(amount):
            raise typer.BadParameter(f"{amount!r} is no amount: write digits and a point, as 1288.00")
        try:
            amount_minor = to_minor(Decimal(amount), currency)
        except UnknownCurrency:
            raise typer.BadParameter(f"{currency!r} is no currency of ISO 4217, as CNY is") from None
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    assert amount_minor is not None
    if not 0 <= amount_minor <= MOST_MINOR:
        raise typer.BadParameter(f"an amount is 0 to {MOST_MINOR} minor units")
    return amount_minor


def day(text: str | None) -> date | None:
    """A business date, 2027-03-01."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write it as 2027-03-01") from None


def instant(text: str | None) -> datetime | None:
    """An instant with its zone, 2027-03-01T10:00:00+08:00, in UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant: write it as 2027-03-01T10:00:00Z") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} names no time zone: end it with Z or +08:00")
    return at.astimezone(UTC)


def days_ahead(text: str) -> timedelta:
    """+35d."""
    if found := _DAYS.fullmatch(text):
        return timedelta(int(found[1]))
    raise typer.BadParameter(f"{text!r} is no step: write +35d, or use --to 2027-03-01")
