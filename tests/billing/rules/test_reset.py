"""A floating rate is set anew on its days, whoever comes first, and changes nothing that is charged."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules import decide, decide_after_sale, decide_receipt
from billing.rules.decision import Drawdown, Moved, Refusal, Settlement
from billing.rules.events import Event, RateChanged
from billing.rules.moves import advance_to
from billing.rules.replay import replay, replayed
from billing.rules.state import next_event_on
from billing.rules.values import State
from products.rules.index_rates import INDEXES
from products.rules.terms import Terms
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import a_parties

AUTHORISED_ON = date(2024, 9, 15)
"""The one-year LPR was 3.35 % from 22 July 2024, 3.10 % from 21 October, 3.00 % from 20 May 2025."""
PRICE: dict[str, Any] = {
    "daily_rate": None, "annual_rate": Decimal("0.1235"), "rate_index": "CN-LPR-1Y",
    "spread_rate": Decimal("0.09"), "free_days": 0, "grace_days": 0, "authorisation_days": 200,
}  # fmt: skip
MONTHLY: dict[str, Any] = {
    "form": "equal_instalment", "instalments": 12, "due_rule": "periods", "day_count": "30/360",
    "partial_capture": False,
}  # fmt: skip


class Life:
    """One drawdown as it is stored; what happens to it keeps its events."""

    def __init__(self, terms: Terms, amount_minor: int = 12_000_00, on: date = AUTHORISED_ON) -> None:
        self.terms, self.events = terms, tuple[Event, ...]()
        self._keep(decide.authorise("d", terms, amount_minor=amount_minor, today=on))

    def _keep(self, decided: Moved[str] | Settlement[str] | Refusal) -> "Life":
        assert not isinstance(decided, Refusal), decided
        for moved in (decided,) if isinstance(decided, Moved) else decided.moved:
            self.events += moved.events
            self.state: State = moved.after
        assert self.state == replay(self.terms, self.events, self.state.as_of)
        return self

    @property
    def drawdown(self) -> Drawdown[str]:
        return Drawdown(
            key="d",
            terms=self.terms,
            parties=a_parties(self.terms),
            state=self.state,
            events=self.events,
        )

    def captured(self, on: date, booked_on: date | None = None) -> "Life":
        return self._keep(decide.capture(self.drawdown, amount_minor=None, on=on, today=booked_on or on))

    def paid(self, amount_minor: int, on: date, *, no: int = 1) -> "Life":
        return self._keep(
            decide_receipt.receive(
                [self.drawdown], parties=a_parties(self.terms), receipt_id=UUID(int=no),
                amount_minor=amount_minor, on=on, today=max(on, self.state.as_of), advance=True,
            )
        )  # fmt: skip

    def bounced(self, on: date, *, no: int = 1) -> "Life":
        return self._keep(
            decide_receipt.reverse_receipt(
                [self.drawdown], parties=a_parties(self.terms), receipt_id=UUID(int=no), reason="bounced",
                rest_minor=0, on=on, today=on,
            )
        )  # fmt: skip

    def until(self, day: date) -> "Life":
        return self._keep(advance_to(self.drawdown, day))

    @property
    def resets(self) -> list[tuple[date, Decimal]]:
        return [(event.effective_on, event.rate) for event in self.events if isinstance(event, RateChanged)]


def test_on_the_first_of_january() -> None:
    """30 nights at 12.35 %, 30 at 12.10 %: 10,000 × 0.2445 × 30 ÷ 365 = 200.96."""
    life = Life(a_terms(**PRICE, term_days=60, rate_reset="january"), 10_000_00)
    life.captured(date(2024, 12, 2)).until(date(2025, 1, 31))
    assert life.resets == [(date(2025, 1, 1), Decimal("0.1210"))]
    assert life.state.instalments[0].interest.charged_minor == 200_96
    (event,) = [event for event in life.events if isinstance(event, RateChanged)]
    assert (event.reason, event.index_rate, event.published_on) == (
        "reset", Decimal("0.0310"), date(2024, 10, 21),
    )  # fmt: skip


def test_with_what_was_published_some_days_before() -> None:
    """100 days before 1 January 2025 it was still 3.35 %."""
    life = Life(a_terms(**PRICE, term_days=60, rate_reset="january", rate_lag_days=100))
    assert life.captured(date(2024, 12, 2)).until(date(2025, 1, 31)).resets == [
        (date(2025, 1, 1), Decimal("0.1235"))
    ]


def test_at_each_period_level_payments_are_solved_anew() -> None:
    """12,000.00 at 12.35 % in 12 months: 1,068.15. After two of them 10,100.98 are left, at 12.10 % in ten:
    1,066.96 (both by a spreadsheet's PMT).
    """
    life = Life(a_terms(**PRICE, **MONTHLY, rate_reset="period"))
    life.captured(AUTHORISED_ON)
    first = life.state.instalments
    assert first[0].principal_minor + 123_50 == 1_068_15
    life.until(date(2024, 11, 15))
    assert life.resets == [(date(2024, 10, 15), Decimal("0.1235")), (date(2024, 11, 15), Decimal("0.1210"))]
    assert [row.principal_minor for row in first[:2]] == [
        row.principal_minor for row in life.state.instalments[:2]
    ]
    assert sum(row.principal_minor for row in life.state.instalments[2:]) == 10_100_98
    third = life.state.instalments[2].principal_minor
    assert third + round(10_100_98 * Decimal("0.121") / 12) == 1_066_96
    assert sum(row.principal_minor for row in life.state.instalments) == 12_000_00


def test_the_first_period_begins_with_its_delivery() -> None:
    life = Life(a_terms(**PRICE, **MONTHLY, rate_reset="period"))
    life.captured(date(2024, 11, 1))
    assert [type(event).__name__ for event in life.events] == ["Authorised", "RateChanged", "Captured"]
    assert life.resets == [(date(2024, 11, 1), Decimal("0.1210"))]
    assert life.state.instalments[0].principal_minor + 121_00 == 1_066_75


@pytest.mark.parametrize(
    ("authorised_on", "until", "expected"),
    [
        (date(2024, 2, 29), date(2027, 3, 1), [date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28)]),
        (date(2024, 9, 15), date(2026, 9, 14), [date(2025, 9, 15)]),
    ],
)
def test_on_the_anniversary(authorised_on: date, until: date, expected: list[date]) -> None:
    life = Life(a_terms(**PRICE, term_days=1200, rate_reset="anniversary"), on=authorised_on)
    life.captured(authorised_on).until(until)
    assert [day for day, _ in life.resets] == expected


def test_never_above_the_cap_of_the_contract() -> None:
    price = PRICE | {"annual_rate": Decimal("0.11"), "term_days": 60, "rate_reset": "january"}
    terms = a_terms(**price, cap_annual_rate=Decimal("0.12"))
    assert Life(terms).captured(date(2024, 12, 2)).until(date(2025, 1, 2)).resets == [
        (date(2025, 1, 1), Decimal("0.12"))
    ]
    by_360 = a_terms(**price, cap_annual_rate=Decimal("0.12"), day_count="actual/360")
    assert Life(by_360).captured(date(2024, 12, 2)).until(date(2025, 1, 2)).resets == [
        (date(2025, 1, 1), Decimal("0.118356164"))
    ]


def test_fixed_stays_as_it_was() -> None:
    life = Life(a_terms(**PRICE, term_days=300, rate_reset="fixed")).captured(date(2024, 12, 2))
    assert life.until(date(2025, 9, 1)).resets == []


def test_what_is_closed_is_not_reset() -> None:
    life = Life(a_terms(**PRICE, **MONTHLY, rate_reset="period")).captured(AUTHORISED_ON)
    life.paid(12_000_00, AUTHORISED_ON)
    assert life.state.status == "closed"
    assert next_event_on(life.terms, life.state) is None
    assert life.until(date(2025, 9, 1)).resets == []


def test_a_bounced_payoff_brings_the_resets_that_were_due_meanwhile() -> None:
    life = Life(a_terms(**PRICE, **MONTHLY, rate_reset="period")).captured(AUTHORISED_ON)
    life.paid(12_000_00, AUTHORISED_ON).until(date(2024, 12, 20)).bounced(date(2024, 12, 20))
    untouched = Life(life.terms).captured(AUTHORISED_ON).until(date(2024, 12, 20))
    assert sorted(life.resets) == untouched.resets
    assert life.state.instalments == untouched.state.instalments


def test_a_rate_is_not_agreed_while_it_floats() -> None:
    life = Life(a_terms(**PRICE, term_days=60, rate_reset="january")).captured(date(2024, 12, 2))
    on = date(2024, 12, 3)
    decided = decide_after_sale.change_rate(life.drawdown, rate=Decimal("0.1"), on=on, today=on)
    assert decided == Refusal("rate_floats", {"index": "CN-LPR-1Y"})


def test_told_whole_the_resets_are_found() -> None:
    """Who has only the buyer's events, like a case from outside, gets the same state."""
    life = Life(a_terms(**PRICE, **MONTHLY, rate_reset="period")).captured(date(2024, 11, 1))
    life.paid(3_000_00, date(2025, 1, 9)).until(date(2025, 7, 1))
    told = [event for event in life.events if not isinstance(event, RateChanged)]
    state, resets = replayed(life.terms, told, date(2025, 7, 1))
    assert [(event.effective_on, event.rate) for event in resets] == life.resets
    assert state.instalments == life.state.instalments


def _wavy(day: date) -> tuple[tuple[date, Decimal], ...]:
    """An index that changes every nine days."""
    return tuple((day + timedelta(9 * n), Decimal(3 + n % 5).scaleb(-2)) for n in range(-60, 200))


@settings(max_examples=40, deadline=None)
@given(
    data=st.data(),
    reset=st.sampled_from(["period", "january", "anniversary"]),
    shape=st.sampled_from([{"term_days": 500}, MONTHLY, MONTHLY | {"form": "equal_principal"}]),
    prepayment=st.sampled_from(["shorten", "lower_payment", "next"]),
)
def test_whatever_days_it_stops_at(data: st.DataObject, reset: Any, shape: Any, prepayment: Any) -> None:
    """Day end each day, or none until something happens: the same events, the same state."""
    INDEXES["CN-LPR-1Y"], kept = _wavy(AUTHORISED_ON), INDEXES["CN-LPR-1Y"]
    try:
        more = {"partial_capture": False, "prepayment": prepayment, "rate_reset": reset}
        terms = a_terms(**(PRICE | shape | more))
        lives = [Life(terms), Life(terms)]
        today = AUTHORISED_ON

        for no in range(data.draw(st.integers(1, 4))):
            for _ in range(data.draw(st.integers(0, 70))):
                today += timedelta(1)
                lives[0].until(today)
            if not no:
                back = data.draw(st.integers(0, min(6, (today - AUTHORISED_ON).days)))
                lives = [life.captured(today - timedelta(back), today) for life in lives]
            elif lives[0].state.status == "captured":
                amount = data.draw(st.sampled_from([1, 500_00, 5_000_00, 20_000_00]))
                lives = [life.paid(amount, today, no=no) for life in lives]
        lives = [life.until(today + timedelta(400)) for life in lives]
        assert lives[0].resets == lives[1].resets
        assert lives[0].state == lives[1].state
    finally:
        INDEXES["CN-LPR-1Y"] = kept
