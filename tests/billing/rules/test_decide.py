"""Commands on one drawdown: every refusal, the table of moves pair by pair, and what a success carries."""

from itertools import product

import pytest

from billing.rules import decide
from billing.rules.decision import Drawdown, LineDelta, Moved, Refusal
from billing.rules.events import Authorised, Captured, Refunded, Voided
from billing.rules.moves import needs_events
from billing.rules.state import MOVES, remaining_minor
from billing.rules.values import State, Status
from products.rules.terms import Terms
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import DAY_0, Tale, day, drawn, receipt

TERMS = a_terms()
MONTH_BACK = a_terms(capture_backdating_days=30)
WHOLE = a_terms(partial_capture=False)
REFUND = receipt(77)

OF_STATUS: dict[Status, Tale] = {
    "authorised": Tale(100_00),
    "captured": Tale(100_00).captured(60_00),
    "closed": drawn(100_00).paid(100_00, 5, advance=True),
    "voided": Tale(100_00).voided(100_00, 5),
    "expired": Tale(100_00, expires=5),
}


def tried(kind: str, drawdown: Drawdown[str], on: int) -> Moved[str] | Refusal | None:
    """The command as it would be asked for on that day; None: it is a command on receipts (tested there)."""
    if kind == "capture":
        return decide.capture(drawdown, amount_minor=1_00, on=day(on), today=day(on))
    if kind == "void":
        return decide.void(drawdown, amount_minor=1_00, today=day(on))
    if kind == "refund":
        return decide.refund(
            drawdown, refund_id=REFUND, capture_no=1, amount_minor=1_00, on=day(on), today=day(on)
        )
    return None


@pytest.mark.parametrize(("kind", "status"), list(product(("capture", "void"), OF_STATUS)))
def test_the_table_of_moves(kind: str, status: Status) -> None:
    drawdown = OF_STATUS[status].drawdown(TERMS, 10)
    assert drawdown.state.status == status
    decided = tried(kind, drawdown, 10)
    if status in MOVES[kind]:  # type: ignore[index]
        assert isinstance(decided, Moved)
    else:
        assert decided == Refusal("wrong_state", {"status": status, "move": kind})


@pytest.mark.parametrize("status", OF_STATUS)
def test_only_what_is_captured_is_refunded(status: Status) -> None:
    decided = tried("refund", OF_STATUS[status].drawdown(TERMS, 10), 10)
    if status in MOVES["refund"]:
        assert isinstance(decided, Moved)
    else:
        assert decided == Refusal("capture_not_found", {"capture_no": 1})


def test_authorise_holds_the_amount() -> None:
    decided = decide.authorise("d", TERMS, amount_minor=100_00, today=DAY_0)
    assert isinstance(decided, Moved)
    assert decided.before is None
    assert decided.events == (Authorised(seq=1, effective_on=DAY_0, amount_minor=100_00, expires_on=day(30)),)
    assert decided.line == LineDelta(held=100_00, need=100_00)
    assert (decided.journals, decided.credit_minor) == ((), 0)
    assert (decided.after.status, remaining_minor(decided.after)) == ("authorised", 100_00)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (0, Refusal("drawdown_below_minimum", {"minimum_minor": 50_00})),
        (49_99, Refusal("drawdown_below_minimum", {"minimum_minor": 50_00})),
        (50_00, None),
        (90_00, None),
        (90_01, Refusal("drawdown_above_maximum", {"maximum_minor": 90_00})),
    ],
)
def test_a_drawdown_has_a_least_and_a_most(amount: int, refusal: Refusal | None) -> None:
    terms = a_terms(drawdown_minimum_minor=50_00, drawdown_maximum_minor=90_00)
    decided = decide.authorise("d", terms, amount_minor=amount, today=DAY_0)
    assert decided == refusal if refusal else isinstance(decided, Moved)


@pytest.mark.parametrize(
    ("on", "amount", "terms", "refusal"),
    [
        (11, 1_00, TERMS, Refusal("effective_in_future", {"today": str(day(10))})),
        (2, 1_00, TERMS, Refusal("backdated_too_far", {"days": 7})),
        (-1, 1_00, MONTH_BACK, Refusal("before_authorisation", {"authorised_on": str(DAY_0)})),
        (10, 0, TERMS, Refusal("capture_exceeds_authorised", {"authorised_minor": 100_00})),
        (10, 100_01, TERMS, Refusal("capture_exceeds_authorised", {"authorised_minor": 100_00})),
        (10, 99_99, WHOLE, Refusal("partial_capture_not_allowed", {"authorised_minor": 100_00})),
    ],
)  # fmt: skip
def test_captures_that_are_refused(on: int, amount: int, terms: Terms, refusal: Refusal) -> None:
    drawdown = Tale(100_00).drawdown(terms, 0)
    assert decide.capture(drawdown, amount_minor=amount, on=day(on), today=day(10)) == refusal


def test_capture_of_all_that_is_left() -> None:
    drawdown = Tale(100_00).captured(30_00).voided(20_00, 3).drawdown(TERMS, 3)
    decided = decide.capture(drawdown, amount_minor=None, on=day(4), today=day(4))
    assert isinstance(decided, Moved)
    (event,) = decided.events
    assert event == Captured(seq=4, effective_on=day(4), capture_no=2, amount_minor=50_00, booked_on=day(4))
    assert decided.line == LineDelta(held=-50_00, outstanding=50_00, need=0)
    (journal,) = decided.journals
    assert (journal.kind, journal.effective_on) == ("capture", day(4))


def test_what_is_partly_used_up_is_not_captured_twice() -> None:
    drawdown = Tale(100_00).captured(30_00).voided(20_00, 3).drawdown(TERMS, 3)
    assert decide.capture(drawdown, amount_minor=50_01, on=day(4), today=day(4)) == Refusal(
        "capture_exceeds_authorised", {"authorised_minor": 50_00}
    )


@pytest.mark.parametrize("stored_on", [0, 8, 9, 12])
def test_shipped_before_the_expiry_and_recorded_after(stored_on: int) -> None:
    """Whether day end has released the hold or not, the capture itself needs room for its amount."""
    drawdown = Tale(100_00, expires=9).drawdown(TERMS, stored_on)
    decided = decide.capture(drawdown, amount_minor=None, on=day(8), today=day(12))
    assert isinstance(decided, Moved)
    assert decided.line.need == 100_00
    assert remaining_minor(drawdown.state) + decided.line.held == 0
    assert decided.line.outstanding == 100_00
    assert decided.after == Tale(100_00, expires=9).captured(100_00, 8, booked=12).state(TERMS, 12)


@pytest.mark.parametrize("stored_on", [0, 12])
def test_shipped_after_the_expiry(stored_on: int) -> None:
    drawdown = Tale(100_00, expires=9).drawdown(TERMS, stored_on)
    assert decide.capture(drawdown, amount_minor=None, on=day(9), today=day(12)) == Refusal(
        "wrong_state", {"status": "expired", "move": "capture"}
    )


def test_the_rest_expired_and_what_was_captured_stays() -> None:
    state = Tale(100_00, expires=9).captured(30_00).state(TERMS, 9)
    assert (state.status, remaining_minor(state), state.expired_minor) == ("captured", 0, 70_00)
    drawdown = Tale(100_00, expires=9).captured(30_00).drawdown(TERMS, 8)
    assert decide.capture(drawdown, amount_minor=1, on=day(9), today=day(9)) == Refusal(
        "authorisation_expired", {"expires_on": str(day(9))}
    )
    assert decide.void(drawdown, amount_minor=1, today=day(9)) == Refusal(
        "void_exceeds_authorised", {"authorised_minor": 0}
    )


def test_paid_whole_it_closes_only_when_nothing_is_authorised_any_more() -> None:
    tale = Tale(100_00, expires=9).captured(30_00).paid(30_00, 2, advance=True)
    assert [tale.state(TERMS, on).status for on in (2, 8, 9)] == ["captured", "captured", "closed"]
    assert tale.voided(70_00, 3).state(TERMS, 3).status == "closed"


def test_void() -> None:
    drawdown = Tale(100_00).captured(30_00).drawdown(TERMS, 1)
    some = decide.void(drawdown, amount_minor=10_00, today=day(2))
    every = decide.void(drawdown, amount_minor=None, today=day(2))
    assert isinstance(some, Moved)
    assert isinstance(every, Moved)
    assert some.line == LineDelta(held=-10_00)
    assert every.events == (Voided(seq=3, effective_on=day(2), amount_minor=70_00),)
    assert (every.after.status, every.journals) == ("captured", ())
    assert decide.void(drawdown, amount_minor=70_01, today=day(2)) == Refusal(
        "void_exceeds_authorised", {"authorised_minor": 70_00}
    )


@pytest.mark.parametrize(
    ("capture_no", "amount", "on", "refusal"),
    [
        (1, 1_00, 11, Refusal("effective_in_future", {"today": str(day(10))})),
        (2, 1_00, 10, Refusal("capture_not_found", {"capture_no": 2})),
        (1, 1_00, 2, Refusal("refund_before_capture", {"captured_on": str(day(3))})),
        (1, 0, 10, Refusal("refund_exceeds_capture", {"refundable_minor": 40_00})),
        (1, 40_01, 10, Refusal("refund_exceeds_capture", {"refundable_minor": 40_00})),
    ],
)
@pytest.mark.parametrize("method", ["from_capture", "from_refund"])
def test_refunds_that_are_refused(
    capture_no: int, amount: int, on: int, refusal: Refusal, method: str
) -> None:
    terms = a_terms(refund_method=method)
    tale = Tale(100_00).captured(60_00, 3).refunded(20_00, 5, terms.refund_method)
    decided = decide.refund(
        tale.drawdown(terms, 5),
        refund_id=REFUND,
        capture_no=capture_no,
        amount_minor=amount,
        on=day(on),
        today=day(10),
    )
    assert decided == refusal


def test_refund_by_the_terms() -> None:
    decided = decide.refund(
        drawn(100_00).drawdown(TERMS, 0),
        refund_id=REFUND,
        capture_no=1,
        amount_minor=100_00,
        on=day(3),
        today=day(3),
    )
    assert isinstance(decided, Moved)
    assert decided.events == (
        Refunded(
            seq=3,
            effective_on=day(3),
            refund_id=REFUND,
            capture_no=1,
            amount_minor=100_00,
            method="from_capture",
        ),
    )
    assert (decided.after.status, decided.line) == ("closed", LineDelta(outstanding=-100_00))


def needs(state: State, on: int, today: int, kind: str = "receive", **more: str) -> bool:
    return needs_events(TERMS, state, kind, on=day(on), today=day(today), **more)  # type: ignore[arg-type]


def test_when_all_events_are_needed() -> None:
    state = drawn(100_00).paid(10_00, 41, advance=True).state(TERMS, 45)
    assert not needs(state, 45, 45)
    assert not needs(state, 50, 59), "nothing comes between"
    assert needs(state, 44, 45), "the state stands on a later day"
    assert needs(state, 50, 60), "what falls due on day 60 comes after it"
    assert needs(state, 50, 50, "refund"), "these terms count refunds from the capture"
    assert needs(state, 50, 50, "reverse_receipt", reason="bounced")
    assert not needs(state, 50, 50, "reverse_receipt", reason="our_mistake")
    of_the_day = drawn(100_00).paid(10_00, 41, advance=True).state(TERMS, 41)
    assert needs(of_the_day, 41, 41, "reverse_receipt", reason="our_mistake"), "it ranks before the receipt"
    assert not needs(of_the_day, 41, 41)


def test_without_its_events_it_does_not_guess() -> None:
    drawdown = drawn(100_00).drawdown(TERMS, 0)
    bare = Drawdown(key="d", terms=TERMS, parties=drawdown.parties, state=drawdown.state)
    with pytest.raises(ValueError, match="without its events"):
        decide.refund(bare, refund_id=REFUND, capture_no=1, amount_minor=1, on=day(3), today=day(3))
