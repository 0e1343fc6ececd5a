"""Rates against published cases, pyxirr and worked numbers."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from products.rules.rate import YEAR_DAYS, Flow, irr, irr_compound, irr_simple
from products.rules.root import NoRate, TimedFlow

CASES = Path(__file__).parents[2] / "cases"
START = date(2027, 3, 1)

SEVERAL_RATES = {
    "random_1000",
    "case_30_8",
    "case_30_13",
    "case_30_16",
    "case_30_17",
    "case_30_18",
    "case_30_24",
}
"""More than one rate solves these: spreadsheets (`xirr`) give one that lies farther from 0 than ours."""


def apr_cases() -> list[dict[str, Any]]:
    text = (CASES / "apr_cases.json").read_text(encoding="utf-8")
    cases: list[dict[str, Any]] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return cases


def timed(case: dict[str, Any]) -> list[TimedFlow]:
    dated = [(date.fromisoformat(on), amount) for on, amount in case["flows"]]
    start_on = min(on for on, _ in dated)
    return [(Decimal((on - start_on).days) / YEAR_DAYS, amount) for on, amount in dated]


@pytest.mark.parametrize("name", sorted(SEVERAL_RATES))
def test_of_several_rates_the_nearest(name: str) -> None:
    """What we find solves the equation as well, and lies nearer to 0 (as a growth) than the expected one."""
    case = next(case for case in apr_cases() if case["name"] == name)
    found, expected = irr(timed(case)), Decimal(case["expected"])
    assert abs((1 + found).ln()) < abs((1 + expected).ln())
    assert distance(timed(case), found) < Decimal("1e-12")


def test_domain_example_1() -> None:
    """¥10,000.00 for 60 days, ¥100.00 of interest: by hand 100/10000 × 365/60, and 1.01^(365/60) − 1."""
    flows = [Flow(START, 1_000_000), Flow(START + timedelta(60), -1_010_000)]
    assert round(irr_simple(flows) * 100, 2) == Decimal("6.08")
    assert round(irr_compound(flows) * 100, 2) == Decimal("6.24")
    assert irr_simple(flows).quantize(Decimal("1e-12")) == (Decimal(73) / 1200).quantize(Decimal("1e-12"))


def test_several_payments_simple_is_the_daily_rate_times_365() -> None:
    """¥12,000.00 in 12 months of ¥1,072.00 (DOMAIN.md §7, example 4): a flat fee is not 7.2 %."""
    months = [date(2028 + (month + 1) // 13, (month + 1) % 12 or 12, 1) for month in range(1, 13)]
    flows = [Flow(date(2028, 1, 1), 1_200_000), *(Flow(on, -107_200) for on in months)]
    daily = (1 + irr_compound(flows)) ** (Decimal(1) / 365) - 1
    assert abs(irr_simple(flows) - 365 * daily) < Decimal("1e-12")
    assert Decimal("0.129") < irr_simple(flows) < Decimal("0.132")


def test_domain_example_4_in_months() -> None:
    """The same: 13.03 % simple (monthly × 12), 13.84 % compound, in twelfths of a year."""
    flows = [Flow(date(2028, 1, 1), 1_200_000)]
    flows += [Flow(date(2028 + month // 12, month % 12 + 1, 1), -107_200) for month in range(1, 13)]
    assert round(irr_simple(flows, periods_a_year=12) * 100, 2) == Decimal("13.03")
    assert round(irr_compound(flows, months=1) * 100, 2) == Decimal("13.84")


def distance(flows: list[TimedFlow], rate: Decimal) -> Decimal:
    """How far the rate is from solving the equation: present value ÷ slope."""
    value = sum((amount / (1 + rate) ** t for t, amount in flows), Decimal(0))
    slope = sum((-t * amount / (1 + rate) ** (t + 1) for t, amount in flows), Decimal(0))
    return abs(value / slope)


a_payment = st.tuples(st.integers(60, 1500), st.integers(30, 100))
a_loan = st.builds(
    lambda principal, payments: (principal, [(days, -(-principal * part // 100)) for days, part in payments]),
    st.integers(100, 10**9),
    st.lists(a_payment, min_size=1, max_size=8),
)


@settings(deadline=None)
@given(a_loan)
def test_agrees_with_pyxirr(loan: tuple[int, list[tuple[int, int]]]) -> None:
    principal, payments = loan
    flows = [Flow(START, principal), *(Flow(START + timedelta(days), -paid) for days, paid in payments)]
    found = irr_compound(flows)
    assert distance([(Decimal((on - START).days) / 365, Decimal(amount)) for on, amount in flows], found) < (
        Decimal("1e-12") * (1 + abs(found))
    )
    theirs = pyxirr.xirr([flow.on for flow in flows], [flow.amount_minor for flow in flows])
    if theirs is not None and -0.99 < theirs < 1000:
        assert abs(found - Decimal(theirs)) < Decimal("1e-6") * (1 + abs(found))


@settings(deadline=None)
@given(a_loan)
def test_turning_the_signs_changes_nothing(loan: tuple[int, list[tuple[int, int]]]) -> None:
    principal, payments = loan
    flows = [(Decimal(0), Decimal(principal)), *((Decimal(d) / 365, Decimal(-paid)) for d, paid in payments)]
    assert irr([(t, -amount) for t, amount in flows]) == irr(flows)


@settings(deadline=None)
@given(st.integers(-900, 5000), st.integers(1, 4000))
def test_round_trip(thousandths: int, days: int) -> None:
    """A rate, and the payment that it makes of 10¹⁸ after so many days, give the rate."""
    rate = Decimal(thousandths) / 1000
    paid = (10**18 * (1 + rate) ** (Decimal(days) / 365)).to_integral_value()
    found = irr_compound([Flow(START, 10**18), Flow(START + timedelta(days), -int(paid))])
    assert abs(found - rate) < Decimal("1e-9") * (1 + abs(rate))


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [Flow(START, 100)],
        [Flow(START, 100), Flow(START + timedelta(9), 100)],
        [Flow(START, 100), Flow(START, -100)],
    ],
)
def test_where_there_is_no_rate(flows: list[Flow]) -> None:
    with pytest.raises(NoRate):
        irr_compound(flows)
    with pytest.raises(NoRate):
        irr_simple(flows)


def test_nothing_for_money_is_a_rate_of_nothing() -> None:
    flows = [Flow(START, 100), Flow(START + timedelta(9), -100)]
    assert irr_compound(flows) == irr_simple(flows) == 0
