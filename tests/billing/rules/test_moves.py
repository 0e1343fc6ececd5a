"""Time and its journals; what stands still; what must not be asked."""

from decimal import Decimal

import pytest

from billing.rules.advance import advance, charge_dates
from billing.rules.decision import LineDelta
from billing.rules.events import Received
from billing.rules.moves import advance_to, move
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.state import next_event_on, project
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import Tale, day, drawn, receipt

TERMS = a_terms()


def test_late_day_end_posts_on_the_due_date() -> None:
    """Two captures, due on days 60 and 70; day end runs on day 75."""
    tale = Tale(300_00, expires=20).captured(100_00).captured(100_00, 10, no=2)
    moved = advance_to(tale.drawdown(TERMS, 10), day(75))
    assert [(j.kind, j.effective_on) for j in moved.journals] == [
        ("interest_due", day(60)),
        ("interest_due", day(70)),
    ]
    assert [[posting.amount_minor for posting in j.postings] for j in moved.journals] == [[1_00], [1_00]]
    assert moved.line == LineDelta(held=-100_00)
    assert moved.events == ()
    assert moved.after == tale.state(TERMS, 75)


def test_a_charge_explains_itself() -> None:
    (journal,) = advance_to(drawn(10_000_00).drawdown(TERMS, 0), day(60)).journals
    (charge,) = journal.charges
    assert (charge.from_on, charge.to_on) == (day(40), day(60))
    assert (charge.base, charge.rate) == ("bearing_principal", "0.0005")
    assert Decimal(charge.numerator) / charge.denominator == 100_00
    assert (charge.amount_minor, charge.charged_before_minor, charge.earlier_minor) == (100_00, 0, 0)


def test_what_came_before_a_backdated_receipt_is_posted_first_and_then_corrected() -> None:
    """Recorded on day 62 for day 50: interest of day 60 was 100.00, with 4,050.00 paid early it is 80.00."""
    tale = drawn(10_000_00)
    event = Received(seq=3, effective_on=day(50), receipt_id=receipt(1), amount_minor=4_050_00, advance=True)
    moved = move(tale.drawdown(TERMS, 45), event, "receipt", today=day(62))
    due, corrected = moved.journals
    assert (due.kind, due.effective_on, due.charges[0].amount_minor) == ("interest_due", day(60), 100_00)
    assert (corrected.kind, corrected.effective_on) == ("receipt", day(50))
    assert corrected.charges[0].amount_minor == -20_00
    assert moved.after == replay(TERMS, (*tale.events, event), day(62))


def test_the_dates_on_which_something_happens() -> None:
    state = Tale(200_00, expires=20).captured(100_00, booked=5).state(a_terms(min_notice_days=58), 5)
    dates = []
    while (coming_on := next_event_on(TERMS, state)) is not None:
        dates.append((coming_on - day(0)).days)
        state = advance(a_terms(min_notice_days=58), state, coming_on)
    assert dates == [20, 60, 63, 67]
    assert charge_dates(TERMS, drawn(100_00).state(TERMS, 0), day(59)) == []
    assert charge_dates(TERMS, drawn(100_00).state(TERMS, 0), day(60)) == [day(60)]


def test_a_notice_moves_the_due_date_and_no_interest() -> None:
    terms = a_terms(min_notice_days=58)
    tale = Tale(10_000_00).captured(10_000_00, booked=5)
    (instalment,) = tale.state(terms, 63).instalments
    assert (instalment.nominal_on, instalment.due_on, instalment.grace_on) == (day(60), day(63), day(66))
    assert instalment.interest.charged_minor == 100_00
    assert not tale.state(terms, 66).instalments[0].past_due
    assert tale.state(terms, 67).instalments[0].past_due
    assert payoff(terms, tale.state(terms, 67), day(67)).parts.penalty == 24_00, "nights 63 to 66"


def test_a_closed_drawdown_waits_for_nothing() -> None:
    state = drawn(100_00).paid(100_00, 5, advance=True).state(TERMS, 5)
    assert (state.status, next_event_on(TERMS, state)) == ("closed", None)
    assert project(TERMS, advance(TERMS, state, day(500))) == project(TERMS, state)


def test_time_does_not_run_backwards() -> None:
    state = drawn(100_00).state(TERMS, 5)
    with pytest.raises(ValueError, match="does not go back"):
        advance(TERMS, state, day(4))


def test_no_replay_before_the_beginning() -> None:
    with pytest.raises(ValueError, match="no authorisation"):
        replay(TERMS, drawn(100_00).events, day(-1))
    with pytest.raises(ValueError, match="no authorisation"):
        replay(TERMS, drawn(100_00).events[1:], day(5))


def test_the_projection_is_what_the_books_say() -> None:
    tale = drawn(10_000_00).paid(4_050_00, 50, advance=True).refunded(1_000_00, 51, "from_refund")
    view = project(TERMS, tale.state(TERMS, 60))
    assert (view.status, view.captured_minor, view.refunded_minor) == ("captured", 10_000_00, 1_000_00)
    assert (view.principal_due_minor, view.interest_due_minor) == (5_000_00, 25_50)
    assert (view.oldest_unpaid_due_on, view.next_event_on) == (day(60), day(64))
    (row,) = view.instalments
    assert (row.interest_minor, row.interest_paid_minor, row.past_due_on) == (75_50, 50_00, day(64))
