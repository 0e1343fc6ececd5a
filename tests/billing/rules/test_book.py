"""A stored book against its events: silent when right, and exact about what is not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import asdict, replace

from billing.rules.accounts import Posting, post
from billing.rules.book import StoredBook, differences, fold
from billing.rules.books import totals
from billing.rules.state import outstanding_minor, project, remaining_minor
from billing.rules.values import Totals
from tests.billing.rules.scripts import BUYER, LENDER, MERCHANT, TENANT, a_terms
from tests.billing.rules.stories import Tale, a_parties, day

TERMS = a_terms()
TALE = Tale(1_000_000).captured(800_000).paid(404_000, 50, advance=True)
"""¥8,000.00 of ¥10,000.00 captured; on day 50 ten nights' interest, 40.00, and ¥4,000.00 paid."""
STATE = TALE.state(TERMS, 55)
BALANCES = {
    (LENDER, "buyer_principal", BUYER): 400_000,
    (LENDER, "merchant_payable", MERCHANT): -792_000,
    (LENDER, "due_to_tenant", None): -8_000,
    (TENANT, "due_from_lender", None): 8_000,
    (TENANT, "merchant_fee_income", None): -8_000,
    (LENDER, "interest_income", None): -4_000,
    (LENDER, "cash_clearing", None): 404_000,
}
"""By hand, with a merchant fee of 1 %."""


def a_book(**changes: Any) -> StoredBook:
    projection = project(TERMS, STATE)
    right = StoredBook(
        id=UUID(int=5),
        columns={name: value for name, value in asdict(projection).items() if name != "instalments"},
        instalments={view.no: asdict(view) for view in projection.instalments},
        balances=BALANCES,
        charges={(1, "interest"): 4_000},
        allocations={(1, "interest"): 4_000, (1, "principal"): 400_000},
        held_minor=200_000,
        outstanding_minor=400_000,
    )
    return replace(right, **changes)


def found(book: StoredBook, state: Any = STATE, events: Any = TALE.events) -> list[tuple[str, str, str]]:
    told = differences(TERMS, a_parties(TERMS), state, events, book)
    assert {one.object for one in told} <= {f"drawdown {UUID(int=5)}"}
    return [(one.what, one.stored, one.expected) for one in told]


def test_right() -> None:
    assert found(a_book()) == []
    assert (remaining_minor(STATE), outstanding_minor(STATE)) == (200_000, 400_000)


def test_the_ledger_by_hand_is_what_posting_gives() -> None:
    assert fold(post(Totals(), totals(STATE), parties=a_parties(TERMS))) == BALANCES


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"held_minor": 200_001}, ("held_minor", "200001", "200000")),
        ({"outstanding_minor": 399_999}, ("outstanding_minor", "399999", "400000")),
        ({"charges": {}}, ("charges", "{}", "{(1, 'interest'): 4000}")),
        (
            {"allocations": {(1, "principal"): 404_000}},
            (
                "allocations",
                "{(1, 'principal'): 404000}",
                "{(1, 'interest'): 4000, (1, 'principal'): 400000}",
            ),
        ),
    ],
)
def test_one_sum_is_wrong(changes: dict[str, Any], told: tuple[str, str, str]) -> None:
    assert found(a_book(**changes)) == [told]


def test_one_column_is_wrong() -> None:
    columns = {**a_book().columns, "principal_due_minor": 1}
    assert found(a_book(columns=columns)) == [("principal_due_minor", "1", "400000")]


@pytest.mark.parametrize("lost", BALANCES)
def test_an_account_is_missing(lost: Any) -> None:
    kept = {side: amount for side, amount in BALANCES.items() if side != lost}
    assert [what for what, *_ in found(a_book(balances=kept))] == ["balances"]


def test_an_instalment_is_missing_or_wrong() -> None:
    assert [what for what, *_ in found(a_book(instalments={}))] == ["instalments"]
    wrong = {1: {**a_book().instalments[1], "due_on": day(61)}}
    assert [what for what, *_ in found(a_book(instalments=wrong))] == ["instalments"]


def test_a_state_that_the_events_do_not_give() -> None:
    assert [what for what, *_ in found(a_book(), replace(STATE, authorised_minor=1))] == ["state"]


def test_an_event_that_nobody_wrote_down() -> None:
    """Without the receipt everything that follows from it differs."""
    told = {what for what, *_ in found(a_book(), events=TALE.events[:-1])}
    assert {"state", "balances", "charges", "allocations", "instalments", "outstanding_minor"} <= told


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((), "no authorisation by 2027-03-05"),
        (TALE.events[1:], "no authorisation by 2027-03-05"),
        ((*TALE.events, TALE.events[1]), "more than is authorised"),
    ],
)
def test_events_that_cannot_have_happened(events: Any, why: str) -> None:
    ((what, stored, expected),) = found(a_book(), events=events)
    assert (what, expected) == ("events", "what can have happened")
    assert stored.startswith(why)


def test_fold_leaves_out_what_comes_to_nothing() -> None:
    one = Posting(
        book=LENDER, debit_account="cash_clearing", debit_party=None, credit_account="buyer_credit",
        credit_party=BUYER, amount_minor=7,
    )  # fmt: skip
    back = replace(
        one,
        debit_account="buyer_credit",
        debit_party=BUYER,
        credit_account="cash_clearing",
        credit_party=None,
    )
    assert fold((one, one, back)) == {
        (LENDER, "cash_clearing", None): 7,
        (LENDER, "buyer_credit", BUYER): -7,
    }
    assert fold((one, back)) == {}
