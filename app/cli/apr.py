"""What credit costs a year, from cash flows alone: dated, in years, or in unit periods with odd days.

Imports neither web, database nor the engine. Input forms: docs/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from app.cli.commands import pure, single
from app.cli.documents import read_any
from kernel.errors import FieldProblem, Invalid
from kernel.i18n import text
from products.rules.rate import irr, irr_unit_periods, xirr
from products.rules.root import NoRate

app = single()


class Answer(msgspec.Struct, kw_only=True):
    """`rate` is a fraction a year, `percent` the same rounded to the case's `decimals`; `agrees` with what
    is expected.
    """

    name: str | None
    measure: str
    rate: str
    percent: str
    agrees: bool | None = None


class Answers(list[Any]):
    """One a case, in their order."""

    @property
    def failed(self) -> bool:
        """Whether one was refused, or differs from what it expects."""
        return any(isinstance(one, dict) or one.agrees is False for one in self)


@pure(app, "apr")
async def apr_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="One case or an array of them; - reads it here")
    ],
) -> object:
    """The yearly rate of cash flows: `flows` as [date, amount], `advances_t_years` and `payments_t_years` as
    [years, amount], or `advance`, `payments` and `t_f` with `unit_periods_per_year` (odd days simple, 1 +
    f·i).
    """
    given = read_any(file)
    if isinstance(given, dict):
        return answer(given)
    return Answers(_answered(case) for case in given)


def _answered(case: Any) -> Any:
    try:
        return answer(case if isinstance(case, dict) else {})
    except Invalid as refused:
        name = case.get("name") if isinstance(case, dict) else None
        problems = [
            {
                "pointer": found.pointer,
                "code": found.code,
                "detail": text("en", f"error.{found.code}.detail", **found.params),
            }
            for found in refused.errors
        ]
        return {"name": name, "error": problems}


def answer(case: Mapping[str, Any]) -> Answer:
    """Raises Invalid with the place of what is wrong, or where no rate exists."""
    try:
        measure, rate = _rate(case)
    except NoRate:
        raise Invalid(errors=(FieldProblem("#", "no_rate"),)) from None
    decimals = int(case.get("decimals") or 6)
    percent = (100 * rate).quantize(Decimal(1).scaleb(-decimals))
    return Answer(
        name=case.get("name"),
        measure=measure,
        rate=f"{rate:f}",
        percent=f"{percent:f}",
        agrees=_agrees(case, rate, percent),
    )


def _agrees(case: Mapping[str, Any], rate: Decimal, percent: Decimal) -> bool | None:
    if case.get("expected_percent") is not None:
        return percent == Decimal(str(case["expected_percent"])).quantize(percent)
    if case.get("expected") is not None:
        expected = Decimal(str(case["expected"]))
        return abs(rate - expected) <= abs(expected) * Decimal("1e-6") + Decimal("1e-9")
    return None


def _rate(case: Mapping[str, Any]) -> tuple[str, Decimal]:
    if "flows" in case:
        dated = [
            (_date(f"#/flows/{n}/0", on), amount) for n, (on, amount) in enumerate(_pairs(case, "flows"))
        ]
        return "effective annual, days ÷ 365", xirr(dated)
    if "unit_periods_per_year" in case:
        return "nominal annual, unit periods", _of_unit_periods(case)
    for key in ("advances_t_years", "payments_t_years"):
        if key not in case:
            raise Invalid(errors=(FieldProblem(f"#/{key}", "required"),))
    advances = [
        (_number(f"#/advances_t_years/{n}/0", t), amount)
        for n, (t, amount) in enumerate(_pairs(case, "advances_t_years"))
    ]
    payments = [
        (_number(f"#/payments_t_years/{n}/0", t), -amount)
        for n, (t, amount) in enumerate(_pairs(case, "payments_t_years"))
    ]
    return "effective annual, years", irr([*advances, *payments])


def _of_unit_periods(case: Mapping[str, Any]) -> Decimal:
    periods = _number("#/unit_periods_per_year", case["unit_periods_per_year"])
    payments = [amount for _, amount in _pairs(case, "payments")]
    times = [(_number(f"#/t_f/{n}/0", t), odd) for n, (t, odd) in enumerate(_pairs(case, "t_f"))]
    if len(times) != len(payments):
        raise Invalid(errors=(FieldProblem("#/t_f", "one_for_each_payment", {"payments": len(payments)}),))
    if "advance" not in case:
        raise Invalid(errors=(FieldProblem("#/advance", "required"),))
    advance = _number("#/advance", case["advance"])
    paid = [(int(t), odd, amount) for (t, odd), amount in zip(times, payments, strict=True)]
    return irr_unit_periods([(0, Decimal(0), advance)], paid, int(periods))


def _pairs(case: Mapping[str, Any], key: str) -> list[tuple[Any, Decimal]]:
    given = case.get(key)
    if not isinstance(given, list) or not given:
        raise Invalid(errors=(FieldProblem(f"#/{key}", "not_a_list"),))
    found = []
    for place, pair in enumerate(given):
        if not isinstance(pair, list) or len(pair) != 2:
            raise Invalid(errors=(FieldProblem(f"#/{key}/{place}", "not_a_pair"),))
        found.append((pair[0], _number(f"#/{key}/{place}/1", pair[1])))
    return found


def _number(at: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise Invalid(errors=(FieldProblem(at, "not_a_number"),))
    return number


def _date(at: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid(errors=(FieldProblem(at, "not_a_date"),)) from None
