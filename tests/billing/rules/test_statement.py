"""What a posting is on a statement, which lines and sums follow, what is marked as late."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.accounts import ACCOUNTS
from billing.rules.decision import JournalKind
from billing.rules.statement import Charged, Earlier, LineKind, Posted, Sums, effect, lines, sums_of

PARTS = [
    code for code, account in ACCOUNTS.items() if code.startswith("buyer_") and account.normal == "debit"
]


def day(text: str) -> date:
    return date.fromisoformat(f"2027-{text}")


def posted(
    number: int, kind: str, on: str, debit: str, credit: str, amount_minor: int, booked: str | None = None
) -> Posted:
    return Posted(
        journal_id=UUID(int=number),
        journal_kind=kind,
        drawdown_id=UUID(int=100),
        order_ref="PO-1",
        effective_on=day(on),
        booked_on=day(booked or on),
        debit_account=debit,
        credit_account=credit,
        amount_minor=amount_minor,
    )


def charged(number: int, kind: str, on: str, amount_minor: int, no: int = 1) -> Charged:
    return Charged(
        journal_id=UUID(int=number),
        drawdown_id=UUID(int=100),
        order_ref="PO-1",
        effective_on=day(on),
        booked_on=day(on),
        charge_id=UUID(int=1000 + number),
        instalment_no=no,
        kind=kind,  # type: ignore[arg-type]
        amount_minor=amount_minor,
    )


def statement(number: int, cut: str, closing_minor: int = 0) -> Earlier:
    return Earlier(
        id=UUID(int=number), number=f"S-2027-{number:06}", cut_on=day(cut), closing_minor=closing_minor
    )


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "expected"),
    [
        ("capture", "buyer_principal", "merchant_payable", ("captured", 1)),
        ("refund", "merchant_payable", "buyer_principal", ("refunded", -1)),
        ("receipt", "cash_clearing", "buyer_interest", ("paid", -1)),
        ("receipt", "buyer_credit", "buyer_principal", ("paid", -1)),
        ("receipt", "goodwill", "buyer_fee", ("paid", -1)),
        ("receipt", "merchant_payable", "buyer_principal", ("paid", -1)),
        ("receipt_reversed", "buyer_principal", "merchant_payable", ("paid", 1)),
        ("receipt_reversed", "buyer_penalty", "cash_clearing", ("paid", 1)),
        ("refund", "buyer_principal", "buyer_credit", ("paid", 1)),
        ("conversion", "buyer_principal", "conversion_clearing", ("converted", 1)),
        ("conversion", "conversion_clearing", "buyer_principal", ("converted", -1)),
        ("waiver", "waiver", "buyer_penalty", ("waived", -1)),
        ("interest_due", "small_differences", "buyer_principal", ("waived", -1)),
        ("interest_due", "buyer_interest", "interest_income", None),
        ("interest_due", "interest_income", "buyer_interest", None),
        ("receipt", "buyer_fee", "recovery_income", None),
        ("restructure", "buyer_principal", "buyer_interest", None),
        ("receipt", "buyer_interest", "buyer_principal", None),
        ("receipt", "cash_clearing", "buyer_credit", None),
        ("write_off", "loss_allowance", "buyer_written_off", None),
        ("capture", "merchant_payable", "due_to_tenant", None),
    ],
)
def test_what_a_posting_is(kind: str, debit: str, credit: str, expected: tuple[LineKind, int] | None) -> None:
    assert effect(kind, debit, credit) == expected


def test_what_no_statement_knows_is_an_error() -> None:
    """Never silently a correction."""
    for kind, debit, credit in (
        ("gift", "cash_clearing", "buyer_principal"),
        ("capture", "buyer_interest", "merchant_payable"),
        ("capture", "loss_allowance", "buyer_principal"),
        ("capture", "buyer_principal", "a_new_account"),
    ):
        with pytest.raises(ValueError, match="a statement knows no"):
            effect(kind, debit, credit)


def test_every_account_beside_a_buyers_part_is_judged() -> None:
    """For each kind of journal: a line, none, or an error; and the mirror of a posting is its opposite."""
    for kind, part, other in product(get_args(JournalKind), PARTS, ACCOUNTS):
        try:
            one, mirror = effect(kind, part, other), effect(kind, other, part)
        except ValueError:
            assert other in {
                "merchant_payable", "due_to_tenant", "due_from_lender", "merchant_fee_income",
                "subsidiser_receivable", "buyer_written_off", "loss_allowance",
            }  # fmt: skip
            continue
        if one is None or mirror is None:
            assert one is mirror is None
        elif one[0] in ("captured", "refunded"):
            assert (one, mirror) == (("captured", 1), ("refunded", -1))
        else:
            assert (one[0], one[1]) == (mirror[0], -mirror[1])


def test_a_month_on_paper() -> None:
    """Opening 1,000.00; 400.00 bought, 18.00 interest and 2.00 penalty charged, 500.00 paid in two parts of
    one receipt, 30.00 of goods back, 2.00 waived: 888.00.
    """
    found = lines(
        [
            posted(5, "receipt", "04-20", "cash_clearing", "buyer_interest", 1_800),
            posted(5, "receipt", "04-20", "cash_clearing", "buyer_principal", 48_200),
            posted(2, "capture", "04-05", "buyer_principal", "merchant_payable", 40_000),
            posted(6, "refund", "04-21", "merchant_payable", "buyer_principal", 3_000),
            posted(7, "waiver", "04-22", "waiver", "buyer_penalty", 200),
            posted(3, "interest_due", "04-10", "buyer_interest", "interest_income", 1_800),
        ],
        [charged(3, "interest", "04-10", 1_800), charged(5, "penalty", "04-20", 200)],
        [statement(1, "04-01", 100_000)],
    )
    assert [(one.kind, one.effective_on.day, one.amount_minor) for one in found] == [
        ("captured", 5, 40_000),
        ("interest", 10, 1_800),
        ("penalty", 20, 200),
        ("paid", 20, -50_000),
        ("refunded", 21, -3_000),
        ("waived", 22, -200),
    ]
    assert [one.charge_id for one in found if one.charge_id] == [UUID(int=1003), UUID(int=1005)]
    sums = sums_of(100_000, found)
    assert sums == Sums(
        opening_minor=100_000, captured_minor=40_000, interest_minor=1_800, penalty_minor=200,
        paid_minor=50_000, refunded_minor=3_000, waived_minor=200,
    )  # fmt: skip
    assert (sums.charged_minor, sums.closing_minor) == (2_000, 88_800)


def test_what_came_too_late_is_marked_with_the_first_it_belonged_on() -> None:
    """Cut on 1 April and 1 May: a receipt of 20 March, told on 3 May, belonged on April's, one of 2 April on
    May's.
    """
    earlier = [statement(1, "04-01"), statement(2, "05-01", 50_000)]
    found = lines(
        [
            posted(8, "receipt", "03-20", "cash_clearing", "buyer_principal", 10_000, "05-03"),
            posted(9, "receipt", "04-02", "cash_clearing", "buyer_principal", 5_000, "05-04"),
            posted(10, "receipt", "05-01", "cash_clearing", "buyer_principal", 1_000, "05-04"),
        ],
        [charged(8, "penalty", "03-20", -300)],
        earlier,
    )
    assert [(one.kind, one.amount_minor, one.late_for and one.late_for.number) for one in found] == [
        ("penalty", -300, "S-2027-000001"),
        ("paid", -10_000, "S-2027-000001"),
        ("paid", -5_000, "S-2027-000002"),
        ("paid", -1_000, None),
    ]
    sums = sums_of(50_000, found)
    assert (sums.paid_minor, sums.penalty_minor, sums.corrections_minor) == (1_000, 0, -15_300)
    assert sums.closing_minor == 33_700


def test_what_nets_to_nothing_has_no_line() -> None:
    """A receipt that is only split anew."""
    found = lines(
        [
            posted(3, "receipt", "04-10", "buyer_interest", "cash_clearing", 500),
            posted(3, "receipt", "04-10", "cash_clearing", "buyer_principal", 500),
        ],
        [],
        [],
    )
    assert found == ()


any_posting = st.builds(
    posted,
    number=st.integers(1, 9),
    kind=st.sampled_from(["receipt", "receipt_reversed"]),
    on=st.sampled_from(["03-05", "03-31", "04-01", "04-30"]),
    debit=st.sampled_from(["cash_clearing", "buyer_credit", "buyer_fee"]),
    credit=st.sampled_from(["buyer_principal", "buyer_interest", "buyer_credit"]),
    amount_minor=st.integers(1, 10**9),
)
any_charge = st.builds(
    charged,
    number=st.integers(1, 9),
    kind=st.sampled_from(["interest", "fee", "penalty"]),
    on=st.sampled_from(["03-05", "03-31", "04-01", "04-30"]),
    amount_minor=st.integers(-(10**9), 10**9).filter(bool),
    no=st.integers(1, 3),
)


@given(st.lists(any_posting), st.lists(any_charge), st.integers(0, 10**9), st.sampled_from([0, 1]))
def test_lines_always_add_up_to_the_totals(
    postings: list[Posted], charges: list[Charged], opening_minor: int, before: int
) -> None:
    found = lines(postings, charges, [statement(1, "04-01")] * before)
    closing_minor = sums_of(opening_minor, found).closing_minor
    assert closing_minor == opening_minor + sum(one.amount_minor for one in found)
    told = [effect(one.journal_kind, one.debit_account, one.credit_account) for one in postings]
    moved = sum(sign[1] * one.amount_minor for sign, one in zip(told, postings, strict=True) if sign)
    assert closing_minor == opening_minor + moved + sum(one.amount_minor for one in charges)
    assert all(one.amount_minor for one in found)
