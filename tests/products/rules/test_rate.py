"""Rates against published cases, pyxirr and worked numbers."""

import json
from datetime import date, timedelta
from decimal import Decimal, localcontext
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from products.rules.rate import YEAR_DAYS, Flow, irr, irr_compound, irr_simple, irr_unit_periods
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


class Lent(NamedTuple):
    """10³⁰ lent at a rate, paid back in parts: (units from the start, hundredths of a level part); the last
    pays the rest.
    """

    thousandths: int
    paid: list[tuple[int, int]]

    def flows(self, units_a_year: int) -> list[tuple[int, int]]:
        """(units from the start, amount), the rate being of a year of so many units."""
        with localcontext() as context:
            context.prec = 60
            growth = (1 + Decimal(self.thousandths) / 1000) ** (Decimal(1) / units_a_year)
            left, flows = Decimal(LENT), [(0, LENT)]
            for unit, hundredths in self.paid[:-1]:
                paid = int(LENT * hundredths // (100 * len(self.paid)) * growth**unit)
                left -= paid / growth**unit
                flows.append((unit, -paid))
            unit = self.paid[-1][0]
            return [*flows, (unit, -int((left * growth**unit).to_integral_value()))]


LENT = 10**30
lent = st.builds(
    Lent,
    st.integers(-900, 5000),
    st.lists(
        st.tuples(st.integers(1, 4000), st.integers(1, 100)), min_size=1, max_size=24, unique_by=itemgetter(0)
    ),
).map(lambda loan: Lent(loan.thousandths, sorted(loan.paid)))


def gives_its_rate(loan: Lent) -> None:
    """Computed from the rate, the flows give the rate: by days, by months, by periods."""
    rate = Decimal(loan.thousandths) / 1000
    near = Decimal("1e-9") * (1 + abs(rate))
    by_days = [Flow(START + timedelta(unit), amount) for unit, amount in loan.flows(365)]
    assert abs(irr_compound(by_days) - rate) < near
    if len(by_days) > 2:
        with localcontext() as context:
            context.prec = 40
            daily = (1 + rate) ** (Decimal(1) / 365) - 1
        assert abs(irr_simple(by_days) - 365 * daily) < near
    short = Lent(loan.thousandths, [(place, part) for place, (_, part) in enumerate(loan.paid, 1)])
    monthly = short.flows(12)
    dated = [Flow(START + timedelta(31 * unit), amount) for unit, amount in monthly]
    assert abs(irr_compound(dated, months=1) - rate) < near
    assert abs(irr_compound(dated, months=[unit for unit, _ in monthly]) - rate) < near
    if len(dated) > 2:
        with localcontext() as context:
            context.prec = 40
            period = (1 + rate) ** (Decimal(1) / 12) - 1
        assert abs(irr_simple(dated, periods_a_year=12) - 12 * period) < near


@settings(max_examples=500, deadline=None)
@given(lent)
def test_round_trip(loan: Lent) -> None:
    gives_its_rate(loan)


@pytest.mark.nightly
@settings(max_examples=10_000, deadline=None)
@given(lent)
def test_round_trip_often(loan: Lent) -> None:
    gives_its_rate(loan)


unit_times = st.tuples(st.integers(1, 60), st.integers(0, 29))


@settings(max_examples=500, deadline=None)
@given(
    st.integers(1, 2000), st.lists(unit_times, min_size=1, max_size=24), st.sampled_from([1, 4, 12, 24, 52])
)
def test_round_trip_in_unit_periods(
    ten_thousandths: int, times: list[tuple[int, int]], periods_a_year: int
) -> None:
    """Payments worth equal parts of what was advanced, at a rate a period, give that rate."""
    with localcontext() as context:
        context.prec = 60
        rate = Decimal(ten_thousandths) / 10_000
        advances = [(0, Decimal(0), Decimal(LENT) / 2), (0, Decimal("0.5"), Decimal(LENT) / 2)]
        worth = (1 + 1 / (1 + rate / 2)) * LENT / 2 / len(times)
        payments = [
            (t, Decimal(odd) / 30, worth * (1 + Decimal(odd) / 30 * rate) * (1 + rate) ** t)
            for t, odd in times
        ]
    found = irr_unit_periods(advances, payments, periods_a_year)
    assert abs(found - rate * periods_a_year) < Decimal("1e-9") * periods_a_year


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


def test_flows_of_one_day_are_one() -> None:
    """A fee paid on the day of the loan lowers what is lent; rows of one day are one payment."""
    end_on = START + timedelta(60)
    plain = [Flow(START, 990_000), Flow(end_on, -1_010_000)]
    split = [Flow(START, 1_000_000), Flow(end_on, -1_000_000), Flow(START, -10_000), Flow(end_on, -10_000)]
    assert irr_simple(split) == irr_simple(plain)
    assert irr_compound(split) == irr_compound(plain)
    assert irr_compound(split, months=2) == irr_compound(plain, months=2)
    monthly = [Flow(START, 1000), Flow(date(2027, 4, 1), -600), Flow(date(2027, 5, 1), -600)]
    halves = [Flow(START, 1000), *(Flow(on, -300) for on, _ in monthly[1:] for _ in (1, 2))]
    assert irr_simple(halves, periods_a_year=12) == irr_simple(monthly, periods_a_year=12)


def test_a_period_without_a_flow() -> None:
    """Paid after the first and the third month: 1000 = 600 v + 500 v³ by hand."""
    flows = [Flow(START, 1000), Flow(date(2027, 4, 1), -600), Flow(date(2027, 6, 1), -500)]
    told = irr_simple(flows, periods_a_year=12, periods=[0, 1, 3])
    v = 1 / (1 + told / 12)
    assert abs(600 * v + 500 * v**3 - 1000) < Decimal("1e-9")
    yearly = irr_compound(flows, months=[0, 1, 3])
    assert abs((1 + told / 12) ** 12 - 1 - yearly) < Decimal("1e-12")
    nothing = [flows[0], flows[1], Flow(date(2027, 5, 1), 0), flows[2]]
    assert irr_simple(nothing, periods_a_year=12) == told
    assert irr_compound(nothing, months=1) == yearly


@pytest.mark.parametrize("hundredths", [1, 2, 4, 8])
def test_a_rate_at_the_end_of_a_bracket(hundredths: int) -> None:
    """Where the search steps exactly on it: 100 for a period at 1 %, 101 back."""
    paid = [(1, Decimal(0), Decimal(100 + hundredths))]
    assert irr_unit_periods([(0, Decimal(0), Decimal(100))], paid, 1) == Decimal(hundredths) / 100


def test_periods_of_days() -> None:
    """Every 10 days: 36.5 periods a year. 1000 out, 2 × 510 back: i = 1.3208 % a period."""
    flows = [Flow(START, 1000), *(Flow(START + timedelta(10 * n), -510) for n in (1, 2))]
    told = irr_simple(flows, periods_a_year=Decimal(365) / 10)
    root = (510 + (Decimal(510) ** 2 + 4 * 1000 * 510).sqrt()) / 2000
    assert abs(told - Decimal("36.5") * (root - 1)) < Decimal("1e-13")


def test_periods_need_a_number_a_year() -> None:
    with pytest.raises(ValueError, match="periods_a_year"):
        irr_simple([Flow(START, 1), Flow(START, -1)], periods=[0, 1])


@pytest.mark.parametrize(("paid", "days"), [(1, 36_500), (10**15, 36_500), (950_000, 1), (10**6 + 1, 1)])
def test_far_from_an_ordinary_rate(paid: int, days: int) -> None:
    """1,000,000 lent: (paid ÷ lent)^(365 ÷ days) − 1."""
    with localcontext() as context:
        context.prec = 40
        by_hand = (Decimal(paid) / 10**6) ** (Decimal(365) / days) - 1
    found = irr_compound([Flow(START, 10**6), Flow(START + timedelta(days), -paid)])
    assert abs(found - by_hand) < Decimal("1e-14")


def test_a_tenth_lost_in_a_day_is_no_yearly_rate() -> None:
    """365 × ln 0.9 = −38: beyond e²⁴ either way."""
    with pytest.raises(NoRate):
        irr_compound([Flow(START, 10), Flow(START + timedelta(1), -9)])


def test_no_rate_of_more_digits_than_are_computed() -> None:
    with pytest.raises(NoRate):
        irr_simple([Flow(START, 1), Flow(START + timedelta(1), -(10**17))])


def test_nothing_for_money_is_a_rate_of_nothing() -> None:
    flows = [Flow(START, 100), Flow(START + timedelta(9), -100)]
    assert irr_compound(flows) == irr_simple(flows) == 0
