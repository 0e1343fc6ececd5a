"""What holds for every story: the engine agrees with the oracle, with itself, and with the books."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import event as seen
from hypothesis import strategies as st

from billing.rules.advance import advance
from billing.rules.apply import apply
from billing.rules.books import totals
from billing.rules.decision import Drawdown
from billing.rules.events import (
    Authorised,
    Captured,
    Disputed,
    DisputeResolved,
    Event,
    ReceiptReversed,
    Received,
    Refunded,
)
from billing.rules.moves import move
from billing.rules.overdue import days_past_due
from billing.rules.quote import payoff
from billing.rules.replay import replay
from billing.rules.state import (
    excess_minor,
    next_event_on,
    outstanding_minor,
    project,
    remaining_minor,
)
from billing.rules.values import State
from products.rules.terms import COMPONENTS, Terms
from tests.billing.rules.oracle import Story
from tests.billing.rules.scripts import FIRST_DAY, Book, Step, any_amount, any_story, any_terms

LATER = 80


def as_told(state: State) -> dict[str, Any]:
    """A state in the words of the oracle."""
    return {
        "status": state.status,
        "held": remaining_minor(state),
        "expired": state.expired_minor,
        "fee": totals(state).merchant_fee,
        "dpd": days_past_due(state, state.as_of),
        "dates": [(i.no, i.due_on, i.grace_on, i.past_due, i.settled_on) for i in state.instalments],
        "charged": [
            (i.principal_minor, i.interest.charged_minor, i.penalty.charged_minor) for i in state.instalments
        ],
        "paid": [tuple(i.paid.of(component) for component in COMPONENTS) for i in state.instalments],
        "receipts": [(r.receipt_id, r.amount_minor, r.excess_minor) for r in state.receipts],
        "parts": [
            [(p.instalment_no, *(p.paid.of(c) for c in COMPONENTS)) for p in r.parts] for r in state.receipts
        ],
    }


def told(story: Story) -> dict[str, Any]:
    receipts = story.receipts.items()
    debts = sorted(story.debts, key=lambda debt: debt.no)  # a state keeps them by number, not by day
    return {
        "status": story.status,
        "held": story.held,
        "expired": story.expired,
        "fee": story.merchant_fee,
        "dpd": story.days_past_due,
        "dates": [(debt.no, debt.due, debt.grace, debt.past_due, debt.settled) for debt in debts],
        "charged": [(d.principal, d.interest_charged, d.penalty_charged) for d in debts],
        "paid": [tuple(debt.paid.values()) for debt in debts],
        "receipts": [(receipt_id, r["amount"], r["excess"]) for receipt_id, r in receipts],
        "parts": [
            [(no, *parts.values()) for no, parts in sorted(r["parts"].items()) if any(parts.values())]
            for _, r in receipts
        ],
    }


@given(any_terms, any_amount, any_story, st.booleans(), st.integers(0, LATER))
def test_the_engine_agrees_with_the_oracle(
    terms: Terms, amount: int, story: list[Step], day_ends: bool, later: int
) -> None:
    book = Book(terms, amount, day_ends=day_ends).play(story)
    for kind in sorted({type(e).__name__ for e in book.events}):
        seen(kind)
    as_of = book.today + timedelta(later)
    assert as_told(advance(terms, book.state, as_of)) == told(Story(terms, list(book.events), as_of))


@given(any_terms, any_amount, any_story, st.integers(0, 100))
def test_any_day_of_the_past_agrees_with_the_oracle(
    terms: Terms, amount: int, story: list[Step], percent: int
) -> None:
    book = Book(terms, amount, day_ends=False).play(story)
    as_of = FIRST_DAY + timedelta((book.today - FIRST_DAY).days * percent // 100)
    assert as_told(replay(terms, book.events, as_of)) == told(Story(terms, list(book.events), as_of))


@given(any_terms, any_amount, any_story, st.booleans(), st.lists(st.integers(0, LATER), max_size=6))
def test_live_states_and_any_chain_of_advance_are_the_replay(
    terms: Terms, amount: int, story: list[Step], day_ends: bool, stops: list[int]
) -> None:
    book = Book(terms, amount, day_ends=day_ends).play(story)
    assert advance(terms, book.state, book.today) == replay(terms, book.events, book.today)
    state = book.state
    for stop in sorted(stops):
        if book.today + timedelta(stop) >= state.as_of:
            state = advance(terms, state, book.today + timedelta(stop))
    assert state == replay(terms, book.events, state.as_of)
    assert project(terms, state) == project(terms, replay(terms, book.events, state.as_of))


@given(any_terms, any_amount, any_story, st.booleans())
def test_the_books_hold_what_the_state_says(
    terms: Terms, amount: int, story: list[Step], day_ends: bool
) -> None:
    book = Book(terms, amount, day_ends=day_ends).play(story).rest(LATER)
    sums, lender, tenant = totals(book.state), terms.lender_book.int, terms.tenant_book.int
    owed = sums.charged.minus(sums.paid)
    expected = Counter(
        {
            f"{lender}:buyer_principal": outstanding_minor(book.state),
            f"{lender}:buyer_interest": owed.interest,
            f"{lender}:buyer_penalty": owed.penalty,
            f"{lender}:merchant_payable": -(sums.captured - sums.refunded - sums.merchant_fee),
            f"{lender}:interest_income": -sums.charged.interest,
            f"{lender}:penalty_income": -sums.charged.penalty,
            f"{lender}:buyer_credit": -book.credit,
        }
    )
    expected[f"{tenant}:merchant_fee_income"] -= sums.merchant_fee
    if lender != tenant:
        expected[f"{lender}:due_to_tenant"] -= sums.merchant_fee
        expected[f"{tenant}:due_from_lender"] += sums.merchant_fee
    cash = f"{lender}:cash_clearing"
    assert {k: v for k, v in book.balances.items() if v and k != cash} == {
        k: v for k, v in expected.items() if v
    }
    assert sum(book.balances.values()) == 0
    assert owed.principal == outstanding_minor(book.state)
    assert sums.received_cash + sums.received_credit == sums.paid.total + sums.excess
    assert book.line == Counter(held=remaining_minor(book.state), outstanding=outstanding_minor(book.state))


@given(any_terms, any_amount, any_story, st.booleans())
def test_charges_and_allocations_add_up_to_the_state(
    terms: Terms, amount: int, story: list[Step], day_ends: bool
) -> None:
    """The parts of an accrual, however many were charged, are its exact value rounded once."""
    book = Book(terms, amount, day_ends=day_ends).play(story).rest(LATER)
    for instalment in book.state.instalments:
        assert book.charged[instalment.no, "interest"] == instalment.interest.charged_minor
        assert book.charged[instalment.no, "penalty"] == instalment.penalty.charged_minor
    parts = Counter(
        {
            (receipt.receipt_id, part.instalment_no, component): part.paid.of(component)
            for receipt in book.state.receipts
            for part in receipt.parts
            for component in COMPONENTS
        }
    )
    assert +book.allocated == +parts
    assert -book.allocated == Counter()
    for receipt in book.state.receipts:
        assert receipt.amount_minor == sum(p.paid.total for p in receipt.parts) + receipt.excess_minor


@given(any_terms, any_amount, any_story, st.booleans())
def test_nothing_is_negative(terms: Terms, amount: int, story: list[Step], day_ends: bool) -> None:
    state = Book(terms, amount, day_ends=day_ends).play(story).state
    seen(state.status)
    view = project(terms, state)
    assert min(remaining_minor(state), view.principal_due_minor, view.interest_due_minor) >= 0
    assert min(view.penalty_due_minor, excess_minor(state)) >= 0
    for instalment in state.instalments:
        assert min(instalment.open_minor, *(instalment.paid.of(c) for c in COMPONENTS)) >= 0
        assert not (instalment.settled_on and (instalment.open_minor or instalment.past_due))
    coming_on = next_event_on(terms, state)
    assert coming_on is None or coming_on > state.as_of


@given(any_terms, any_amount, any_story)
def test_no_amount_or_refusal_depends_on_day_end(terms: Terms, amount: int, story: list[Step]) -> None:
    with_day_ends = Book(terms, amount, day_ends=True).play(story).rest(LATER)
    without = Book(terms, amount, day_ends=False).play(story).rest(LATER)
    assert with_day_ends.outcomes == without.outcomes
    assert with_day_ends.state == without.state
    assert +with_day_ends.balances == +without.balances
    assert -with_day_ends.balances == -without.balances


@given(any_terms, any_amount, any_story, st.integers(1, 30))
def test_nothing_comes_before_the_next_event(terms: Terms, amount: int, story: list[Step], days: int) -> None:
    """Day end may leave a drawdown alone until `next_event_on`."""
    state = Book(terms, amount, day_ends=False).play(story).state
    coming_on = next_event_on(terms, state)
    until = state.as_of + timedelta(days)
    if coming_on is not None:
        until = min(until, coming_on - timedelta(1))
    later = advance(terms, state, until)
    assert project(terms, later) == project(terms, state)
    assert totals(later) == totals(state)
    assert [i.past_due for i in later.instalments] == [i.past_due for i in state.instalments]


@given(any_terms, any_amount, any_story, st.integers(0, 30), st.integers(1, 30))
def test_paying_earlier_never_costs_more_and_closes(
    terms: Terms, amount: int, story: list[Step], wait: int, more: int
) -> None:
    state = Book(terms, amount, day_ends=False).play(story).state
    early_on, late_on = state.as_of + timedelta(wait), state.as_of + timedelta(wait + more)
    early, late = payoff(terms, state, early_on), payoff(terms, state, late_on)
    assert early.total_minor <= late.total_minor
    if terms.early_payment == "refused" or not early.total_minor:
        return
    receipt = Received(
        seq=99,
        effective_on=early_on,
        receipt_id=UUID(int=1),
        amount_minor=early.total_minor,
        advance=True,
    )
    paid = apply(terms, advance(terms, state, early_on), receipt)
    assert payoff(terms, paid, late_on).total_minor == excess_minor(paid) - excess_minor(state) == 0


@given(any_terms, any_amount, any_story, st.randoms(use_true_random=False))
def test_the_order_of_recording_changes_nothing(
    terms: Terms, amount: int, story: list[Step], chance: Any
) -> None:
    """All recorded on the last day in any order, but: what depends on another comes behind it, and within one
    day and rank the sequence stays."""
    book = Book(terms, amount, day_ends=False).play(story)
    today = book.today
    known = [e for e in book.events if not isinstance(e, Authorised)]
    state = replay(terms, book.events[:1], FIRST_DAY)
    recorded = book.events[:1]
    while known:
        ready = [e for e in known if not any(_comes_first(other, e) for other in known)]
        event = chance.choice(ready)
        known.remove(event)
        drawdown = Drawdown(key="d", terms=terms, parties=book.parties, state=state, events=recorded)
        state = move(drawdown, event, "receipt", today=today).after
        recorded = (*recorded, event)
    assert advance(terms, state, today) == replay(terms, book.events, today)


def _comes_first(one: Event, other: Event) -> bool:
    match one, other:
        case Received(receipt_id=made), ReceiptReversed(receipt_id=needed) if made == needed:
            return True
        case Captured(capture_no=made_no), Refunded(capture_no=needed_no) if made_no == needed_no:
            return True
        case Captured(capture_no=made_no), Disputed(capture_no=needed_no) if made_no == needed_no:
            return True
        case Disputed(dispute_id=made), DisputeResolved(dispute_id=needed) if made == needed:
            return True
    return (one.effective_on, one.rank) == (other.effective_on, other.rank) and one.seq < other.seq


@given(any_terms, any_amount, any_story)
def test_a_bounced_receipt_never_came(terms: Terms, amount: int, story: list[Step]) -> None:
    book = Book(terms, amount, day_ends=False).play(story)
    receipts = [e for e in book.events if isinstance(e, Received)]
    standing = {r.receipt_id for r in book.state.receipts}
    for receipt in receipts:
        if receipt.receipt_id not in standing:
            continue
        reversal = ReceiptReversed(
            seq=99, effective_on=book.today, receipt_id=receipt.receipt_id, reason="bounced"
        )
        without = [e for e in book.events if e is not receipt]
        assert _plain(replay(terms, (*book.events, reversal), book.today)) == _plain(
            replay(terms, without, book.today)
        )


def _plain(state: State) -> tuple[Any, ...]:
    return state.status, state.captures, state.instalments, state.receipts


REACHED: dict[str, Callable[[Book], bool]] = {
    "closed after penalty": lambda b: b.state.status == "closed" and totals(b.state).charged.penalty > 0,
    "reopened by a late notice": lambda b: any(
        i.reopened_on and i.due_on == i.reopened_on for i in b.state.instalments
    ),
    "two penalty runs": lambda b: any(
        i.penalty.earlier_minor and i.penalty.run_minor for i in b.state.instalments
    ),
    "credit balance": lambda b: excess_minor(b.state) > 0,
    "three captures": lambda b: len(b.state.captures) > 2,
    "refund of what is paid, on its day": lambda b: (
        b.terms.refund_method == "from_refund" and excess_minor(b.state) > 0 and len(b.state.receipts) == 1
    ),
    "interest given back": lambda b: b.gave_back,
    "expired after a capture": lambda b: bool(b.state.expired_minor and b.state.captures),
}


@pytest.mark.parametrize("reached", REACHED)
def test_the_stories_get_there(reached: str) -> None:
    """A property over stories in which nothing happens would prove nothing."""
    find(
        st.tuples(any_terms, any_amount, any_story),
        lambda told: REACHED[reached](Book(told[0], told[1], day_ends=True).play(told[2])),
        settings=settings(max_examples=4000, phases=[Phase.generate], database=None),
        random=Random(5),
    )
