"""The business date rolls at the tenant's cut-off, whatever daylight saving does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import business_date, opening, real_milliseconds, real_now, real_seconds

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")


@pytest.mark.parametrize(
    ("at", "zone", "cut_off", "day"),
    [
        ("2027-03-01T15:59:59", "Asia/Shanghai", time(0), "2027-03-01"),
        ("2027-03-01T16:00:00", "Asia/Shanghai", time(0), "2027-03-02"),
        ("2027-03-01T21:59:59", "Asia/Shanghai", time(6), "2027-03-01"),
        ("2027-03-01T22:00:00", "Asia/Shanghai", time(6), "2027-03-02"),
        ("2027-03-28T01:29:59", "Europe/Berlin", time(2, 30), "2027-03-27"),
        ("2027-03-28T01:30:00", "Europe/Berlin", time(2, 30), "2027-03-28"),
        ("2027-10-31T00:29:59", "Europe/Berlin", time(2, 30), "2027-10-30"),
        ("2027-10-31T00:30:00", "Europe/Berlin", time(2, 30), "2027-10-31"),
        ("2027-10-31T01:10:00", "Europe/Berlin", time(2, 30), "2027-10-31"),
    ],
)
def test_business_date(at: str, zone: str, cut_off: time, day: str) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert business_date(instant, zone, cut_off) == date.fromisoformat(day)


@given(
    st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    st.sampled_from(ZONES),
    st.sampled_from([time(0), time(0, 5), time(2, 30), time(4), time(6), time(23, 59)]),
)
def test_a_day_begins_at_its_opening(day: date, zone: str, cut_off: time) -> None:
    begins = opening(day, zone, cut_off)
    assert begins.tzinfo is UTC
    assert business_date(begins, zone, cut_off) == day
    assert business_date(begins - timedelta(seconds=1), zone, cut_off) == day - timedelta(days=1)


def test_real_time_is_one_time() -> None:
    now = real_now()
    assert now.tzinfo is UTC
    assert abs(real_milliseconds() - now.timestamp() * 1000) < 1000
    assert abs(real_seconds() - now.timestamp()) < 2
