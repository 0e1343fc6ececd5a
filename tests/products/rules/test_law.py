"""Dated rows of law, and the loan prime rate by the day of its publication."""

from datetime import date
from decimal import Decimal

import pytest

from products.rules.law import LAW, LPR, cap_on, law_row, lpr_on


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
    row = law_row("CN", licence, date.fromisoformat(on))
    assert row is not None
    assert (row.code, cap_on(row, date.fromisoformat(on))) == (code, Decimal(cap))


def test_none_before_or_elsewhere() -> None:
    assert law_row("CN", "private", date(2020, 8, 19)) is None
    assert law_row("FR", "private", date(2026, 1, 1)) is None


def test_rows_are_sound() -> None:
    assert len({row.code for row in LAW}) == len(LAW)
    assert all(row.source and (row.cap_rate > 0) == (row.cap == "fixed") for row in LAW)
    assert [on for on, _ in LPR] == sorted(on for on, _ in LPR)
