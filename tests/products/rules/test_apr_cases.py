"""Published cases of yearly rates (tests/cases): EU, UK, US Regulation Z, spreadsheets."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from products.rules.rate import irr, irr_unit_periods, xirr

CASES: list[dict[str, Any]] = [
    case
    for case in json.loads(
        (Path(__file__).parents[2] / "cases" / "apr_cases.json").read_text("utf-8"),
        parse_float=Decimal,
        parse_int=Decimal,
    )
    if case.get("expected_percent", case.get("expected")) is not None
]
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
    assert len(CASES) == 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['set']} {case['name']}")
def test_published(case: dict[str, Any]) -> None:
    if "expected" in case:
        assert rate(case) == pytest.approx(case["expected"], rel=Decimal("1e-6"), abs=Decimal("1e-9"))
    else:
        digits = ONE.scaleb(-int(case["decimals"]))
        assert (100 * rate(case)).quantize(digits) == Decimal(case["expected_percent"]).quantize(digits)
