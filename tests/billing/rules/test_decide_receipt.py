"""Receipts over several drawdowns, and their reversal."""

from decimal import Decimal
from uuid import UUID

import pytest

from billing.rules.accounts import Posting
from billing.rules.decide_receipt import receive, reverse_receipt
from billing.rules.decision import Drawdown, Refusal, Settlement
from billing.rules.events import Received
from products.rules.terms import Terms
from tests.billing.rules.scripts import BUYER, LENDER, a_terms
from tests.billing.rules.stories import Tale, a_parties, day, drawn, receipt

TERMS = a_terms(term_days=10, free_days=10, penalty_daily_rate=Decimal(0))
"""Principal alone; due after 10 days, 3 days of grace."""


def taken(
    drawdowns: list[Drawdown[str]], amount: int, on: int, *, today: int | None = None, **more: object
) -> Settlement[str] | Refusal:
    return receive(
        drawdowns,
        parties=a_parties(TERMS),
        receipt_id=receipt(9),
        amount_minor=amount,
        on=day(on),
        today=day(on if today is None else today),
        **more,  # type: ignore[arg-type]
    )


def three(stored_on: int = 11) -> list[Drawdown[str]]:
    """100.00 each: captured on days 8, 0 and 4, so on day 14 `b` is past due, `c` due, `a` not yet."""
    captured = {"a": 8, "b": 0, "c": 4}
    return [
        Tale(100_00).captured(100_00, on).drawdown(TERMS, max(on, stored_on), key)
        for key, on in captured.items()
    ]


def allotted(settled: Settlement[str] | Refusal) -> tuple[list[tuple[str, int]], int]:
    assert isinstance(settled, Settlement)
    parts = [(m.key, e.amount_minor) for m in settled.moved for e in m.events if isinstance(e, Received)]
    return parts, settled.rest_minor


def test_shared_out_past_due_first_then_due() -> None:
    assert allotted(taken(three(), 150_00, 14)) == ([("b", 100_00), ("c", 50_00)], 0)


def test_what_nobody_owes_yet_is_credit_balance() -> None:
    settled = taken(three(), 250_00, 14)
    assert allotted(settled) == ([("b", 100_00), ("c", 100_00)], 50_00)
    assert isinstance(settled, Settlement)
    assert settled.rest_postings == (
        Posting(
            book=LENDER,
            debit_account="cash_clearing",
            debit_party=None,
            credit_account="buyer_credit",
            credit_party=BUYER,
            amount_minor=50_00,
        ),
    )
    assert settled.credit_minor == 50_00


def test_in_advance_if_the_payer_asks() -> None:
    parts, rest = allotted(taken(three(), 350_00, 14, advance=True))
    assert parts == [("b", 100_00), ("c", 100_00), ("a", 100_00)]
    assert rest == 50_00


def test_the_named_drawdown_is_paid_in_advance_but_after_what_is_due() -> None:
    """DOMAIN §9: class is the outermost loop, the named drawdown comes first inside it."""
    assert allotted(taken(three(), 250_00, 14, named="a")) == (
        [("b", 100_00), ("c", 100_00), ("a", 50_00)],
        0,
    )


def test_the_named_drawdown_is_paid_first_in_its_class() -> None:
    """On day 9 nothing is due: `b` is the oldest, `a` the youngest."""
    unnamed, named = (allotted(taken(three(9), 150_00, 9, named=key, advance=True))[0] for key in (None, "a"))
    assert unnamed == [("b", 100_00), ("c", 50_00)]
    assert named == [("a", 100_00), ("b", 50_00)]


def test_a_backdated_receipt_is_shared_on_the_state_of_its_day() -> None:
    """On day 12 `b` was due and nothing else; recorded on day 14 it is paid within grace."""
    settled = taken(three(14), 150_00, 12, today=14)
    assert allotted(settled) == ([("b", 100_00)], 50_00)
    assert isinstance(settled, Settlement)
    assert settled.moved[0].after.instalments[0].settled_on == day(12)


def test_a_drawdown_of_later_days_is_not_asked() -> None:
    late = Tale(100_00).captured(100_00, 8).drawdown(TERMS, 8, "late")
    moved_later = Tale(100_00).drawdown(TERMS, 0, "authorised")
    assert allotted(taken([late, moved_later], 10_00, 5, today=9)) == ([], 10_00)


def test_credit_balance_pays_and_its_rest_stays() -> None:
    settled = taken(three(), 250_00, 14, source="credit")
    assert isinstance(settled, Settlement)
    assert (settled.rest_minor, settled.rest_postings) == (50_00, ())
    assert settled.credit_minor == -200_00
    postings = [posting for moved in settled.moved for j in moved.journals for posting in j.postings]
    assert {(p.debit_account, p.credit_account, p.amount_minor) for p in postings if p.credit_party} == {
        ("buyer_credit", "buyer_principal", 100_00)
    }


@pytest.mark.parametrize(
    ("terms", "more", "refusal"),
    [
        (TERMS, {"today": 3}, Refusal("effective_in_future", {"today": str(day(3))})),
        (a_terms(early_payment="refused"), {"named": "d", "advance": True}, Refusal("early_payment_refused")),
    ],
)
def test_receipts_that_are_refused(terms: Terms, more: dict[str, object], refusal: Refusal) -> None:
    assert taken([drawn(100_00).drawdown(terms, 0)], 1, 4, **more) == refusal  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tale", "status"),
    [(Tale(100_00), "authorised"), (drawn(100_00).paid(100_00, 2, advance=True), "closed")],
)
def test_a_named_drawdown_must_owe_something(tale: Tale, status: str) -> None:
    drawdown = tale.drawdown(TERMS, 3)
    assert taken([drawdown], 1, 4, named="d") == Refusal("wrong_state", {"status": status, "move": "receive"})


def test_where_early_payment_is_refused_the_money_waits() -> None:
    drawdown = drawn(100_00).drawdown(a_terms(early_payment="refused"), 0)
    assert allotted(taken([drawdown], 70_00, 4, advance=True)) == ([], 70_00)
    assert allotted(taken([drawdown], 70_00, 60, advance=True)) == ([("d", 70_00)], 0)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_receipt(amount: int) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        taken([], amount, 4)


def paid_two() -> list[Drawdown[str]]:
    """One receipt of day 11 that paid 100.00 on `b` and 50.00 on `c`."""
    return [
        Tale(100_00).captured(100_00, 0).paid(100_00, 11, no=9).drawdown(TERMS, 11, "b"),
        Tale(100_00).captured(100_00, 1).paid(50_00, 11, no=9).drawdown(TERMS, 11, "c"),
    ]


def undone(
    drawdowns: list[Drawdown[str]], reason: str, on: int, *, today: int | None = None, of: UUID | None = None
) -> Settlement[str] | Refusal:
    return reverse_receipt(
        drawdowns,
        parties=a_parties(TERMS),
        receipt_id=of or receipt(9),
        reason=reason,  # type: ignore[arg-type]
        rest_minor=5_00,
        on=day(on),
        today=day(on if today is None else today),
    )


@pytest.mark.parametrize(("reason", "past_due"), [("bounced", True), ("our_mistake", False)])
def test_reversal_over_all_that_it_paid(reason: str, past_due: bool) -> None:
    settled = undone(paid_two(), reason, 20)
    assert isinstance(settled, Settlement)
    assert [moved.line.outstanding for moved in settled.moved] == [100_00, 50_00]
    assert [moved.line.need for moved in settled.moved] == [100_00, 50_00]
    assert [moved.after.instalments[0].past_due for moved in settled.moved] == [past_due, past_due]
    assert (settled.rest_minor, settled.credit_minor) == (-5_00, -5_00)
    (rest,) = settled.rest_postings
    assert (rest.debit_account, rest.credit_account) == ("buyer_credit", "cash_clearing")


@pytest.mark.parametrize(
    ("on", "today", "of", "refusal"),
    [
        (21, 20, receipt(9), Refusal("effective_in_future", {"today": str(day(20))})),
        (20, 20, receipt(8), Refusal("receipt_not_standing")),
        (10, 20, receipt(9), Refusal("before_receipt", {"received_on": str(day(11))})),
    ],
)
@pytest.mark.parametrize("reason", ["bounced", "our_mistake"])
def test_reversals_that_are_refused(reason: str, on: int, today: int, of: UUID, refusal: Refusal) -> None:
    assert undone(paid_two(), reason, on, today=today, of=of) == refusal


@pytest.mark.parametrize("reason", ["bounced", "our_mistake"])
def test_a_receipt_is_reversed_once(reason: str) -> None:
    tale = drawn(100_00).paid(100_00, 11, no=9).reversed("our_mistake", 15, no=9)
    assert undone([tale.drawdown(TERMS, 15)], reason, 20) == Refusal("receipt_not_standing")
