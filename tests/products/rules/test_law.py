"""Dated rows of law, and the loan prime rate by the day of its publication."""

from datetime import date
from decimal import Decimal

import pytest

from products.rules.law import (
    LAW,
    LPR,
    LPR_LOOKED_AT_ON,
    Party,
    cap_on,
    law_row,
    law_rows,
    limitation_on,
    lpr_on,
    widest_cap,
)


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        ("2019-08-20", "0.0425"), ("2020-08-20", "0.0385"), ("2022-08-21", "0.0370"), ("2022-08-22",
        "0.0365"), ("2025-05-19", "0.0310"), ("2026-01-20", "0.0300"),
    ],
)  # fmt: skip
def test_the_rate_last_published(on: str, rate: str) -> None:
    assert lpr_on(date.fromisoformat(on)) == Decimal(rate)


def test_before_the_first_there_is_none() -> None:
    with pytest.raises(ValueError, match="no one-year LPR"):
        lpr_on(date(2019, 8, 19))


@pytest.mark.parametrize(
    ("licence", "on", "code", "cap"),
    [
        ("licensed", "2026-03-01", "cn-licensed-24", "0.24"),
        ("private", "2020-08-20", "cn-private-4lpr", "0.1540"),
        ("private", "2026-03-01", "cn-private-4lpr", "0.1200"),
        ("micro_lender", "2027-12-31", "cn-micro-24", "0.24"),
        ("micro_lender", "2028-01-01", "cn-micro-4lpr", "0.1200"),
    ],
)
def test_the_row_of_the_contracts_day(licence: str, on: str, code: str, cap: str) -> None:
    """15.4 % was 4 × 3.85 % in August 2020."""
    row = law_row("CN", licence, "company", date.fromisoformat(on))
    assert row is not None
    assert (row.code, cap_on(row, date.fromisoformat(on))) == (code, Decimal(cap))


def test_none_before_or_elsewhere() -> None:
    assert law_row("CN", "private", "company", date(2020, 8, 19)) is None
    assert law_row("FR", "private", "company", date(2026, 1, 1)) is None


def test_rows_are_sound() -> None:
    assert len({row.code for row in LAW}) == len(LAW)
    assert all(row.source and (row.cap_rate > 0) == (row.cap == "fixed") for row in LAW)
    assert [on for on, _ in LPR] == sorted(on for on, _ in LPR)
    assert LPR[-1][0] <= LPR_LOOKED_AT_ON
    for one in LAW:
        same = [row for row in law_rows(one.jurisdiction, one.licence) if row.party == one.party]
        for row in same:
            assert row is one or one.valid_from_on != row.valid_from_on


@pytest.mark.parametrize("month", range(72))
def test_four_times_the_rate_by_counting(month: int) -> None:
    """Another way to the same: the published changes walked from the first, month by month."""
    on, rate = date(2020 + month // 12, month % 12 + 1, 25), Decimal(0)
    for published_on, published in LPR:
        if (published_on - on).days <= 0:
            rate = published
    row = law_row("CN", "private", "individual", on)
    assert (row is None) == (on < date(2020, 8, 20))
    assert row is None or cap_on(row, on) == rate + rate + rate + rate


@pytest.mark.parametrize(
    ("jurisdiction", "licence", "widest"),
    [("CN", "licensed", "0.24"), ("CN", "private", "0.154"), ("CN", "micro_lender", "0.24"),
     ("GB", "example", None), ("example", "example", "0.3")],
)  # fmt: skip
def test_the_widest_cap(jurisdiction: str, licence: str, widest: str | None) -> None:
    assert widest_cap(law_rows(jurisdiction, licence)) == (None if widest is None else Decimal(widest))


@pytest.mark.parametrize(
    ("party", "on", "code"),
    [("company", "2026-01-01", "example-30"), ("large_company", "2025-05-31", "example-30"),
     ("large_company", "2025-06-01", "example-30-large"), ("individual", "2026-01-01", "example-30")],
)  # fmt: skip
def test_the_partys_own_row_comes_first(party: Party, on: str, code: str) -> None:
    row = law_row("example", "example", party, date.fromisoformat(on))
    assert row is not None
    assert row.code == code


def test_how_long_a_debt_can_be_sued_for() -> None:
    china = law_row("CN", "licensed", "company", date(2027, 1, 1))
    england = law_row("GB", "example", "company", date(2027, 1, 1))
    assert china is not None
    assert england is not None
    assert limitation_on(china, date(2027, 3, 10)) == date(2030, 3, 10)
    assert limitation_on(china, date(2028, 2, 29)) == date(2031, 2, 28)
    assert limitation_on(england, date(2028, 2, 29)) == date(2034, 2, 28)
    assert cap_on(england, date(2027, 1, 1)) is None
