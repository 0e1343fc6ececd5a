"""What holds of every product and every life of a drawdown under it, told by seeds."""

import random
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.rules.accounts import Posting, post
from billing.rules.advance import advance
from billing.rules.allocation import claims
from billing.rules.book import fold
from billing.rules.books import totals
from billing.rules.derivation import Derivation
from billing.rules.events import Received
from billing.rules.explain import RULES, explain
from billing.rules.explain_allocation import RULES as RECEIPT_RULES
from billing.rules.explain_allocation import explain_allocations
from billing.rules.outlook import outlook
from billing.rules.quote import payoff, quote
from billing.rules.replay import replay, timeline
from billing.rules.settle import unpaid
from billing.rules.state import next_event_on, project
from billing.rules.values import Totals, decode_state, encode_state
from products.rules.terms import COMPONENTS, RATE_SCALE
from tests.billing.rules.plans import FIRST_DAY, Life, a_life, any_plan
from tests.billing.rules.recompute import recompute
from tests.billing.rules.stories import a_parties

seeds = st.integers(0, 2**32)
MANY = settings(max_examples=500)
LATER = (0, 40, 200, 400)


def sums_are_sound(life: Life, days: int) -> None:
    state = life.state(life.day + timedelta(days))
    sums = totals(state)
    received = sums.received_cash + sums.received_credit + sums.received_set_off + sums.received_goodwill
    assert received == sums.paid.total + sums.excess
    principal = sum(row.principal_minor for row in state.instalments)
    assert principal - state.capitalised.total == sums.captured - sums.refunded - sums.converted_out
    for row in state.instalments:
        left = unpaid(row)
        assert min(left.penalty, left.fee, left.interest, left.principal) >= 0
        assert not (row.settled_on and left.total)
    for receipt in state.receipts:
        assert sum(part.paid.total for part in receipt.parts) + receipt.excess_minor == receipt.amount_minor
    assert decode_state(encode_state(state)) == state


def no_night_bears_twice(life: Life) -> None:
    """Interest until the due dates is never more than all that was ever captured bears every night; unless
    coming periods were paid as scheduled, which saves nothing, before there was another plan.
    """
    state = life.state(life.day + timedelta(400))
    if life.terms.prepayment == "next" and any(capture.plan for capture in state.captures):
        return
    rate = max([life.terms.rate_billionths, *(rate for _, rate in state.rates)])
    last_on = max(row.nominal_on for row in state.instalments)
    principal = totals(state).captured + state.capitalised.total
    nights = (last_on - FIRST_DAY).days + 6 * 5  # by 30/360 a month of whole months has at most two more
    most = principal * rate * nights * life.terms.denominator // (RATE_SCALE * 360) + len(state.instalments)
    assert sum(row.interest.exact for row in state.instalments) <= most


def time_is_one(life: Life, chance: random.Random) -> None:
    """Any chain of advance, and the stops of the timeline, come to what replay gives at once."""
    whole = life.state(life.day + timedelta(300))
    last_on = max(event.effective_on for event in life.events)
    state, day = replay(life.terms, life.events, last_on), last_on
    while day < whole.as_of:
        day = min(whole.as_of, day + timedelta(chance.choice([1, 2, 7, 30])))
        state = advance(life.terms, state, day)
    if last_on <= whole.as_of:
        assert state == whole
    steps = list(timeline(life.terms, life.events, whole.as_of))
    assert steps[-1].after == whole
    assert all(before.after == after.before for before, after in pairwise(steps))


def recorded_in_any_order(life: Life, chance: random.Random) -> None:
    """Across days and ranks the order of recording changes nothing; within one rank the sequence is kept."""
    shuffled = life.events[1:]
    chance.shuffle(shuffled)
    on = life.day + timedelta(100)
    assert replay(life.terms, [*shuffled, life.events[0]], on) == replay(life.terms, life.events, on)


def every_yuan_is_explained(life: Life, days: int) -> None:
    on = life.day + timedelta(days)
    state = life.state(on)
    for row, told in zip(state.instalments, explain(life.terms, life.events, on), strict=True):
        charged = row.interest.charged_minor + row.late.charged_minor
        for tree, amount in (
            (told.interest, charged),
            (told.penalty, row.penalty.charged_minor),
            (told.fee, row.fee_minor),
            (told.principal, row.principal_minor),
        ):
            assert recompute(tree) == tree.value == amount
            assert rules_of(tree) <= RULES


def receipts_are_explained(life: Life, days: int) -> None:
    """Each receipt's trees come to what it pays; a receipt that does not stand pays nothing."""
    on = life.day + timedelta(days)
    standing = {receipt.receipt_id: receipt for receipt in life.state(on).receipts}
    for event in life.events:
        if not isinstance(event, Received):
            continue
        told = explain_allocations(life.terms, life.events, event.receipt_id, on)
        receipt = standing.get(event.receipt_id)
        parts = {part.instalment_no: part.paid for part in receipt.parts} if receipt else {}
        paid = {(no, c): paid.of(c) for no, paid in parts.items() for c in COMPONENTS if paid.of(c)}
        assert {(one.instalment_no, one.component): recompute(one.derivation) for one in told} == paid
        for one in told:
            assert one.derivation.value == paid[one.instalment_no, one.component]
            assert rules_of(one.derivation) <= RULES | RECEIPT_RULES


def rules_of(tree: Derivation) -> set[str]:
    return {tree.rule}.union(*map(rules_of, tree.parts))


def books_follow(life: Life) -> None:
    """Posting step by step and posting once give the same balances."""
    parties = a_parties(life.terms)
    on = life.day + timedelta(200)
    postings: list[Posting] = []
    before = Totals()
    for step in timeline(life.terms, life.events, on):
        after = totals(step.after)
        postings += post(before, after, parties=parties)
        before = after
    assert fold(tuple(postings)) == fold(post(Totals(), totals(life.state(on)), parties=parties))


def payoff_closes(life: Life) -> None:
    """What a payoff asks, paid in advance on its day, leaves nothing but what is in dispute."""
    state = life.state()
    asked = payoff(life.terms, state, life.day).total_minor
    if not asked or life.terms.early_payment != "allowed":
        return
    paid = Received(
        seq=999, effective_on=life.day, receipt_id=UUID(int=999), amount_minor=asked, advance=True
    )
    after = replay(life.terms, [*life.events, paid], life.day)
    assert after.receipts[-1].excess_minor == 0
    assert claims(life.terms, after, advance=True) == []
    assert all(row.settled_on or row.disputed for row in after.instalments)


def nothing_before_the_next_event(life: Life, chance: random.Random) -> None:
    last_on = max(event.effective_on for event in life.events)
    state = replay(life.terms, life.events, max(life.day, last_on))
    coming_on = next_event_on(life.terms, state)
    until = state.as_of + timedelta(chance.randint(1, 40))
    later = advance(life.terms, state, until if coming_on is None else min(until, coming_on - timedelta(1)))
    assert project(life.terms, later) == project(life.terms, state)
    assert totals(later) == totals(state)


def money_is_always_taken(life: Life, chance: random.Random) -> None:
    """A receipt of an earlier day, told of last: whatever was agreed since, all of it pays or is credit."""
    on = FIRST_DAY + timedelta(chance.randint(0, (life.day - FIRST_DAY).days))
    paid = Received(
        seq=999,
        effective_on=on,
        receipt_id=UUID(int=999),
        amount_minor=9_000_00,
        advance=chance.random() < 0.6,
    )
    life.events.append(paid)
    sums_are_sound(life, 30)


@MANY
@given(seeds)
@example(44)  # what was agreed of a plan that was paid off before it was made
@example(1385)  # and of a part that was never in dispute
def test_late_money(seed: int) -> None:
    money_is_always_taken(a_life(seed), random.Random(seed))


@MANY
@given(seeds, st.sampled_from(LATER))
def test_sums(seed: int, days: int) -> None:
    sums_are_sound(a_life(seed), days)


@MANY
@given(seeds)
def test_nights(seed: int) -> None:
    no_night_bears_twice(a_life(seed))


@MANY
@given(seeds)
def test_time(seed: int) -> None:
    time_is_one(a_life(seed), random.Random(seed))


@MANY
@given(seeds)
def test_order_of_recording(seed: int) -> None:
    recorded_in_any_order(a_life(seed), random.Random(seed))


@MANY
@given(seeds, st.sampled_from(LATER))
def test_every_yuan_is_explained(seed: int, days: int) -> None:
    every_yuan_is_explained(a_life(seed), days)


@MANY
@given(seeds, st.sampled_from(LATER))
def test_receipts_are_explained(seed: int, days: int) -> None:
    receipts_are_explained(a_life(seed), days)


@MANY
@given(seeds)
def test_books(seed: int) -> None:
    books_follow(a_life(seed))


@MANY
@given(seeds)
@example(3714)  # a fee still to come, on a row whose principal was gone
@example(5999)  # the last row answers for the minimum charge of a disputed part due before it
def test_payoff(seed: int) -> None:
    payoff_closes(a_life(seed))


@MANY
@given(seeds)
def test_next_event(seed: int) -> None:
    nothing_before_the_next_event(a_life(seed), random.Random(seed))


@MANY
@given(seeds, st.integers(1, 3_000_000))
def test_a_quote_adds_up_and_is_what_falls_due(seed: int, amount_minor: int) -> None:
    terms = any_plan(random.Random(seed))
    told = quote(terms, amount_minor, FIRST_DAY)
    assert sum(row.principal_minor for row in told.schedule) == amount_minor
    assert all(min(row.principal_minor, row.interest_minor, row.fee_minor) >= 0 for row in told.schedule)
    life = Life(terms, amount_minor)
    asked = [(row.no, row.principal_minor, row.interest_minor) for row in outlook(terms, life.state())]
    assert asked == [(row.no, row.principal_minor, row.interest_minor) for row in told.schedule]


@MANY
@given(seeds, st.integers(1, 11), st.integers(0, 28))
def test_paying_early_never_costs_more(seed: int, month: int, days: int) -> None:
    """Unless the product says so: a prepayment fee, or fees of periods not begun."""
    chance = random.Random(seed)
    terms = any_plan(chance)
    if terms.prepayment_fee_rate or terms.prepayment == "next":
        return
    life = Life(terms, chance.choice([12_000_00, 333_33]))
    state = life.state(FIRST_DAY + timedelta(min(month * 10 + days, 15)))
    stays = sum(row.principal_minor + row.interest_minor + row.fee_minor for row in outlook(terms, state))
    assert payoff(terms, state, state.as_of).total_minor <= stays


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_lives(part: int) -> None:
    for seed in range(part * 1000, part * 1000 + 1000):
        life, chance = a_life(seed), random.Random(seed)
        sums_are_sound(life, chance.choice(LATER))
        no_night_bears_twice(life)
        time_is_one(life, chance)
        recorded_in_any_order(life, chance)
        every_yuan_is_explained(life, chance.choice(LATER))
        receipts_are_explained(life, chance.choice(LATER))
        books_follow(life)
        payoff_closes(life)
        nothing_before_the_next_event(life, chance)


def test_the_lives_reach_every_event() -> None:
    """Otherwise the properties above would hold of nothing."""
    kinds = {type(event).__name__ for seed in range(400) for event in a_life(seed).events}
    missing = {
        "RateChanged", "InterestPaused", "Extended", "DueDayChanged", "Restructured", "Refunded", "Received",
        "ReceiptReversed", "Waived", "ChargeAdded", "Disputed", "DisputeResolved", "Silenced", "SilenceEnded",
        "WrittenOff", "DueDateChanged", "Converted",
    } - kinds  # fmt: skip
    assert missing == set()
