"""Published cases of yearly rates (tests/cases): EU, UK, US Regulation Z, spreadsheets."""

import json
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from products.rules.rate import irr, irr_unit_periods, xirr
from products.rules.root import NoRate

ALL: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "cases" / "apr_cases.json").read_text("utf-8"),
    parse_float=Decimal,
    parse_int=Decimal,
)
CASES = [case for case in ALL if case.get("expected_percent", case.get("expected")) is not None]
ONE = Decimal(1)


def rate(case: dict[str, Any]) -> Decimal:
    if "flows" in case:
        return xirr([(date.fromisoformat(on), amount) for on, amount in case["flows"]])
    if "unit_periods_per_year" in case:
        payments = [
            (int(t), odd, amount) for (t, odd), (_, amount) in zip(case["t_f"], case["payments"], strict=True)
        ]
        periods = int(case["unit_periods_per_year"])
        return irr_unit_periods([(0, Decimal(0), case["advance"])], payments, periods)
    flows = [(t, amount) for t, amount in case["advances_t_years"]]
    return irr([*flows, *((t, -amount) for t, amount in case["payments_t_years"])])


def test_all_cases_are_there() -> None:
    assert (len(ALL), len(CASES)) == (160, 150)


def value(case: dict[str, Any], found: Decimal) -> Decimal:
    """What the flows are worth at a rate, over what they are worth without signs."""
    with localcontext() as context:
        context.prec = 50
        start_on = min(date.fromisoformat(on) for on, _ in case["flows"])
        parts: list[Decimal] = [
            amount / (1 + found) ** (Decimal((date.fromisoformat(on) - start_on).days) / 365)
            for on, amount in case["flows"]
        ]
        return abs(sum(parts, Decimal(0))) / sum(map(abs, parts), Decimal(0))


@pytest.mark.parametrize("case", [case for case in ALL if "flows" in case], ids=lambda case: case["name"])
def test_what_is_found_is_a_root(case: dict[str, Any]) -> None:
    """Of the ten for which nothing is expected, too, unless they have no rate."""
    try:
        found = rate(case)
    except NoRate:
        assert case["expected"] is None
    else:
        assert value(case, found) < Decimal("1e-10")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['set']} {case['name']}")
def test_published(case: dict[str, Any]) -> None:
    if "expected" in case:
        assert rate(case) == pytest.approx(case["expected"], rel=Decimal("1e-6"), abs=Decimal("1e-9"))
    else:
        digits = ONE.scaleb(-int(case["decimals"]))
        assert (100 * rate(case)).quantize(digits) == Decimal(case["expected_percent"]).quantize(digits)
