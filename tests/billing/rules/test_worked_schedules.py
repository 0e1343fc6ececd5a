"""Worked schedules, computed apart by the annuity formula in a plain Decimal table; due dates by the
calendar.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.events import DueDate
from billing.rules.quote import quote
from products.rules.calendar import Calendar
from products.rules.due_dates import nominal_dates, row_dates
from products.rules.terms import Shift
from tests.billing.rules.plans import a_plan
from tests.billing.rules.scripts import BUYER

D = Decimal


@pytest.mark.parametrize(
    ("principal", "rate", "n", "on", "count", "payment", "last", "total"),
    [
        (1000_00, "0.12", 6, "2027-01-01", "30/360", 172_55, 172_53, 35_28),
        (5000_00, "0.0725", 24, "2027-01-01", "30/360", 224_43, 224_43, 386_32),
        (100000_00, "0.0435", 36, "2027-01-31", "30/360", 2967_99, 2968_09, 6847_74),
        (256_78, "0.24", 3, "2027-01-01", "30/360", 89_04, 89_05, 10_35),
        (100_00, "0.07", 6, "2028-01-01", "30/360", 17_01, 17_00, 2_05),
        (50000_00, "0.15", 18, "2027-08-31", "30/360", 3119_24, 3119_22, 6146_30),
        (1000_00, "0.12", 6, "2027-10-31", "actual/365", 172_54, 172_54, 35_24),
        (5000_00, "0.0725", 12, "2027-09-15", "actual/365", 433_22, 433_23, 198_65),
        (100_00, "0.07", 6, "2028-01-01", "actual/365", 17_01, 16_99, 2_04),
        (20000_00, "0.18", 9, "2028-01-31", "actual/365", 2391_43, 2391_45, 1522_89),
        (1000_00, "0.12", 6, "2027-10-31", "actual/360", 172_62, 172_64, 35_74),
        (5000_00, "0.0725", 12, "2027-09-15", "actual/360", 433_45, 433_49, 201_44),
        (100_00, "0.07", 6, "2028-01-01", "actual/360", 17_01, 17_01, 2_06),
        (20000_00, "0.18", 9, "2028-01-31", "actual/360", 2393_83, 2393_80, 1544_44),
        (1000_00, "0.12", 6, "2027-10-31", "actual/actual", 172_53, 172_55, 35_20),
        (5000_00, "0.0725", 12, "2027-09-15", "actual/actual", 433_20, 433_16, 198_36),
        (100_00, "0.07", 6, "2028-01-01", "actual/actual", 17_01, 16_99, 2_04),
        (20000_00, "0.18", 9, "2028-01-31", "actual/actual", 2390_96, 2390_98, 1518_66),
    ],
)
def test_level_payments(
    principal: int, rate: str, n: int, on: str, count: str, payment: int, last: int, total: int
) -> None:
    terms = a_plan(annual_rate=D(rate), instalments=n, day_count=count)
    rows = quote(terms, principal, date.fromisoformat(on)).schedule
    assert {row.total_minor for row in rows[:-1]} == {payment}
    assert rows[-1].total_minor == last
    assert sum(row.interest_minor for row in rows) == total


@pytest.mark.parametrize(
    ("changes", "principal", "first", "last", "cost"),
    [
        (
            {"form": "equal_principal", "annual_rate": D("0.12"), "instalments": 6},
            1000_00,
            (166_67, 10_00),
            (166_65, 1_67),
            35_00,
        ),
        (
            {"form": "equal_principal", "instalments": 7},
            10000_00,
            (1428_57, 150_00),
            (1428_58, 21_43),
            600_00,
        ),
        ({"form": "interest_only", "instalments": 3}, 10000_00, (0, 150_00), (10000_00, 150_00), 450_00),
        (
            {"form": "interest_only", "instalments": 2, "period_unit": "week", "day_count": "actual/365"},
            1000_00,
            (0, 3_45),
            (1000_00, 3_45),
            6_90,
        ),
        (
            {
                "form": "equal_principal",
                "instalments": 2,
                "period_unit": "day",
                "period_length": 10,
                "day_count": "actual/360",
            },
            1000_00,
            (500_00, 5_00),
            (500_00, 2_50),
            7_50,
        ),
        ({"form": "one_payment", "instalments": 1}, 1000_00, (1000_00, 15_00), (1000_00, 15_00), 15_00),
        (
            {
                "form": "flat_fee",
                "instalments": 3,
                "annual_rate": D(0),
                "period_fee_rate": D("0.01"),
                "free_periods": 1,
            },
            900_00,
            (300_00, 0),
            (300_00, 0),
            18_00,
        ),
        (
            {"form": "equal_principal", "instalments": 3, "interest_free": "until_due"},
            900_00,
            (300_00, 0),
            (300_00, 0),
            0,
        ),
        (
            {
                "form": "one_payment",
                "instalments": 1,
                "drawdown_fee_rate": D("0.01"),
                "drawdown_fee_minor": 5_00,
                "buyer_fee_share": D("0.6"),
            },
            1000_00,
            (1000_00, 15_00),
            (1000_00, 15_00),
            15_00 + 9_00,
        ),
        (
            {"form": "one_payment", "instalments": 1, "minimum_charge_minor": 20_00},
            1000_00,
            (1000_00, 15_00),
            (1000_00, 15_00),
            20_00,
        ),
        (
            {"form": "one_payment", "instalments": 1, "subsidiser": BUYER, "subsidised_interest": D("0.5")},
            1000_00,
            (1000_00, 7_50),
            (1000_00, 7_50),
            7_50,
        ),
        (
            {
                "form": "equal_principal",
                "instalments": 3,
                "rounding": "half_even",
                "annual_rate": D("0.0006"),
            },
            300_00,
            (100_00, 2),
            (100_00, 0),
            3,
        ),
    ],
)
def test_other_forms_and_prices(
    changes: dict[str, Any], principal: int, first: tuple[int, int], last: tuple[int, int], cost: int
) -> None:
    """1.5 % a month unless told. Weeks: 1,000 × 18 % × 7 ÷ 365 = 3.45. Half even: 1.5 fen is 2, 0.5 fen is
    0.
    """
    told = quote(a_plan(**changes), principal, date(2027, 1, 1))
    rows = told.schedule
    assert (rows[0].principal_minor, rows[0].interest_minor) == first
    assert (rows[-1].principal_minor, rows[-1].interest_minor) == last
    assert told.total_cost_minor == cost


@pytest.mark.parametrize(
    ("changes", "dates"),
    [
        ({"due_rule": "periods"}, ("2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31")),
        (
            {"due_rule": "days_after", "term_days": 45},
            ("2027-03-17", "2027-04-17", "2027-05-17", "2027-06-17"),
        ),
        (
            {"due_rule": "end_of_month", "term_days": 15},
            ("2027-02-15", "2027-03-15", "2027-04-15", "2027-05-15"),
        ),
        (
            {"due_rule": "end_of_week", "term_days": 3, "period_unit": "week"},
            ("2027-02-03", "2027-02-10", "2027-02-17", "2027-02-24"),
        ),
        (
            {"due_rule": "bill_day", "bill_day": 1, "due_day": 10},
            ("2027-02-10", "2027-03-10", "2027-04-10", "2027-05-10"),
        ),
        (
            {"due_rule": "bill_day", "bill_day": "last", "due_day": 10},
            ("2027-03-10", "2027-04-10", "2027-05-10", "2027-06-10"),
        ),
        (
            {"due_rule": "bill_day", "bill_day": 20, "due_day": "last"},
            ("2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"),
        ),
        (
            {"due_rule": "periods", "period_unit": "week", "period_length": 2},
            ("2027-02-14", "2027-02-28", "2027-03-14", "2027-03-28"),
        ),
    ],
)
def test_due_dates_of_31_january(changes: dict[str, Any], dates: tuple[str, ...]) -> None:
    """A Sunday, the bill day itself where that is the month's last: billed on 28 February."""
    terms = a_plan(instalments=4, form="equal_principal", **changes)
    rows = quote(terms, 1000_00, date(2027, 1, 31)).schedule
    assert tuple(row.nominal_on.isoformat() for row in rows) == dates
    assert timedelta(0) < rows[1].nominal_on - rows[0].nominal_on


@pytest.mark.parametrize("shift", ["preceding", "following", "modified_following"])
def test_a_shift_never_changes_interest(shift: Shift) -> None:
    """DOMAIN §7, example 2, where no Saturday or Sunday is a day to pay: 1,201.95 all the same."""
    terms, on = a_plan(shift=shift), date(2027, 1, 1)
    weekends = Calendar(weekend=frozenset({6, 7}))
    dates = tuple(DueDate(*row) for row in row_dates(terms, nominal_dates(terms, on), on, weekends))
    told = quote(terms, 12_000_00, on, dates=dates)
    assert [row.due_on == row.nominal_on for row in told.schedule].count(False) == 3
    assert {row.total_minor for row in told.schedule[:-1]} == {1100_16}
    assert told.total_cost_minor == 1201_95
