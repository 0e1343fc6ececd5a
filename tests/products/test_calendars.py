"""Named calendars against what the governments published, and against a second library."""

from datetime import date, timedelta
from typing import get_args

import holidays
import pytest

from products.calendars import capture_dates, named
from products.rules.calendar import Calendar
from products.rules.product import resolve
from products.rules.terms import CalendarName
from tests.products.rules.test_product import PROGRAMME, SMALLEST

DAY = timedelta(1)


def days(first: date, last: date) -> list[date]:
    return [first + each * DAY for each in range((last - first).days + 1)]


def told(text: str) -> list[date]:
    """`2026-02-15..23`, `2025-01-28..2025-02-04` or one day each."""
    found = []
    for part in text.split():
        first, _, last = part.partition("..")
        end = last if len(last) == 10 else first[:8] + (last or first[8:])
        found += days(date.fromisoformat(first), date.fromisoformat(end))
    return found


OFF = {
    # 国办发明电〔2024〕12号, 2024-11-12
    2025: "2025-01-01 2025-01-28..2025-02-04 2025-04-04..06 2025-05-01..05 2025-05-31..2025-06-02 "
    "2025-10-01..08",
    # 国办发明电〔2025〕7号, 2025-11-04
    2026: "2026-01-01..03 2026-02-15..23 2026-04-04..06 2026-05-01..05 2026-06-19..21 2026-09-25..27 "
    "2026-10-01..07",
}
WORKED = {
    2025: "2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11",
    2026: "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10",
}


@pytest.mark.parametrize("year", OFF)
def test_china_as_the_state_council_published_it(year: int) -> None:
    off, worked = told(OFF[year]), told(WORKED[year])
    for on in days(date(year, 1, 1), date(year, 12, 31)):
        expected = on in worked or (on not in off and on.strftime("%a") not in ("Sat", "Sun"))
        assert named("CN").works(on) is expected, on


BANK_HOLIDAYS = {
    # gov.uk/bank-holidays, England and Wales
    2022: "2022-01-03 2022-04-15 2022-04-18 2022-05-02 2022-06-02 2022-06-03 2022-08-29 2022-09-19 "
    "2022-12-26 2022-12-27",
    2023: "2023-01-02 2023-04-07 2023-04-10 2023-05-01 2023-05-08 2023-05-29 2023-08-28 2023-12-25 "
    "2023-12-26",
    2026: "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28",
    2027: "2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28",
}


@pytest.mark.parametrize("year", BANK_HOLIDAYS)
def test_england_as_the_government_published_it(year: int) -> None:
    off = told(BANK_HOLIDAYS[year])
    for on in days(date(year, 1, 1), date(year, 12, 31)):
        expected = on not in off and on.strftime("%a") not in ("Sat", "Sun")
        assert named("GB-ENG").works(on) is expected, on


def test_china_by_a_second_library() -> None:
    other = holidays.country_holidays("CN", years=range(2010, 2027))
    differ = [
        on for on in days(date(2010, 1, 1), date(2026, 12, 31))
        if named("CN").works(on) != other.is_working_day(on)
    ]  # fmt: skip
    assert differ == []


def easter_sunday(year: int) -> date:
    """Gauss's reckoning as Butcher gave it (1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


@pytest.mark.parametrize("year", range(2000, 2061))
def test_easter_in_england(year: int) -> None:
    sunday = easter_sunday(year)
    assert not any(named("GB-ENG").works(sunday + each * DAY) for each in (-2, -1, 0, 1))
    assert named("GB-ENG").works(sunday + 2 * DAY)


@pytest.mark.parametrize("name", ["CN", "GB-ENG"])
def test_what_is_not_announced_is_told_and_never_fails(name: CalendarName) -> None:
    calendar = named(name)
    last = calendar.known_through_on
    assert last is not None
    assert last >= date(2026, 12, 31)
    assert calendar.knows(last)
    assert not calendar.knows(last + DAY)
    far = days(date(2150, 1, 1), date(2150, 12, 31))
    assert [calendar.works(on) for on in far] == [on.isoweekday() < 6 for on in far]


def test_after_the_last_year_of_china_only_weekends_rest() -> None:
    last = named("CN").known_through_on
    assert last is not None
    after = days(last + DAY, last + 366 * DAY)
    assert [named("CN").works(on) for on in after] == [on.isoweekday() < 6 for on in after]


def test_the_plain_ones() -> None:
    assert named("none") == Calendar()
    assert [named("weekends").works(on) for on in days(date(2027, 3, 1), date(2027, 3, 7))] == [
        True, True, True, True, True, False, False,
    ]  # fmt: skip
    assert {named(name).knows(date(2150, 1, 1)) for name in ("none", "weekends")} == {True}


@pytest.mark.parametrize("name", get_args(CalendarName))
def test_every_name_is_a_calendar(name: CalendarName) -> None:
    assert isinstance(named(name), Calendar)


def test_dates_of_a_capture() -> None:
    """Captured on 2 April 2026 for 30 days: 2 May is a holiday, 6 May the next working day; its grace
    ends on Saturday 9 May, which is worked."""
    document = SMALLEST | {
        "due_dates": {"days": 30, "shift": "following", "calendar": "CN"},
        "past_due": {"grace_days": 3},
    }
    terms = resolve(
        document, product_id=PROGRAMME.lender_book, product_version=1, programme=PROGRAMME,
        on=date(2026, 4, 2),
    )  # fmt: skip
    assert capture_dates(terms, date(2026, 4, 2), date(2026, 4, 2)) == (
        (date(2026, 5, 2), date(2026, 5, 6), date(2026, 5, 9)),
    )


def test_without_a_calendar_the_engine_knows_the_dates() -> None:
    terms = resolve(
        SMALLEST, product_id=PROGRAMME.lender_book, product_version=1, programme=PROGRAMME,
        on=date(2026, 4, 2),
    )  # fmt: skip
    assert capture_dates(terms, date(2026, 4, 2), date(2026, 4, 2)) == ()
