"""Posting by difference: each cause by its row of DOMAIN.md §13, in one book or two."""

import pytest

from billing.rules.accounts import ACCOUNTS, Parties, Posting, post
from billing.rules.values import Parts, Totals
from tests.billing.rules.scripts import BUYER, LENDER, MERCHANT, TENANT

TWO = Parties(buyer=BUYER, merchant=MERCHANT, lender_book=LENDER, tenant_book=TENANT)
ONE = Parties(buyer=BUYER, merchant=MERCHANT, lender_book=LENDER, tenant_book=LENDER)


def lines(before: Totals, after: Totals, parties: Parties = TWO) -> list[tuple[str, str, int]]:
    return [(p.debit_account, p.credit_account, p.amount_minor) for p in post(before, after, parties=parties)]


NOTHING = Totals()
CAPTURED = Totals(captured=100, merchant_fee=3)


def test_capture_with_two_books() -> None:
    assert lines(NOTHING, CAPTURED) == [
        ("buyer_principal", "merchant_payable", 100),
        ("merchant_payable", "due_to_tenant", 3),
        ("due_from_lender", "merchant_fee_income", 3),
    ]
    assert [posting.book for posting in post(NOTHING, CAPTURED, parties=TWO)] == [LENDER, LENDER, TENANT]


def test_capture_with_one_book() -> None:
    assert lines(NOTHING, CAPTURED, ONE) == [
        ("buyer_principal", "merchant_payable", 100),
        ("merchant_payable", "merchant_fee_income", 3),
    ]


def test_refund_mirrors() -> None:
    assert lines(CAPTURED, Totals(captured=100, refunded=40, merchant_fee=2)) == [
        ("merchant_payable", "buyer_principal", 40),
        ("due_to_tenant", "merchant_payable", 1),
        ("merchant_fee_income", "due_from_lender", 1),
    ]


def test_charged_and_given_back() -> None:
    charged = Totals(charged=Parts(penalty=2, interest=7))
    assert lines(NOTHING, charged) == [
        ("buyer_interest", "interest_income", 7),
        ("buyer_penalty", "penalty_income", 2),
    ]
    assert lines(charged, Totals(charged=Parts(penalty=2, interest=3))) == [
        ("interest_income", "buyer_interest", 4)
    ]


def test_receipt_in_the_order_of_its_parts() -> None:
    paid = Totals(paid=Parts(penalty=2, interest=7, principal=50), received_cash=70, excess=11)
    assert lines(NOTHING, paid) == [
        ("cash_clearing", "buyer_penalty", 2),
        ("cash_clearing", "buyer_interest", 7),
        ("cash_clearing", "buyer_principal", 50),
        ("cash_clearing", "buyer_credit", 11),
    ]
    assert sorted(lines(paid, NOTHING)) == sorted(
        (credit, debit, n) for debit, credit, n in lines(NOTHING, paid)
    )


def test_credit_balance_used() -> None:
    """Of 70 taken from the balance 20 come back to it at once: 50 move."""
    used = Totals(paid=Parts(principal=50), received_credit=70, excess=20)
    assert lines(NOTHING, used) == [("buyer_credit", "buyer_principal", 50)]


def test_paid_again_after_a_return() -> None:
    """Principal that a return set free pays interest, and the rest is credit balance."""
    before = Totals(captured=100, paid=Parts(principal=90), received_cash=90)
    after = Totals(
        captured=100, refunded=60, paid=Parts(interest=5, principal=40), received_cash=90, excess=45
    )
    assert lines(before, after) == [
        ("merchant_payable", "buyer_principal", 60),
        ("buyer_principal", "buyer_interest", 5),
        ("buyer_principal", "buyer_credit", 45),
    ]


def test_the_whole_posting() -> None:
    (posting,) = post(NOTHING, Totals(captured=100), parties=TWO)
    assert posting == Posting(
        book=LENDER,
        debit_account="buyer_principal",
        debit_party=BUYER,
        credit_account="merchant_payable",
        credit_party=MERCHANT,
        amount_minor=100,
    )


def test_nothing_changed_nothing_posted() -> None:
    assert post(CAPTURED, CAPTURED, parties=TWO) == ()


def test_money_from_nowhere_is_not_posted() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        post(NOTHING, Totals(paid=Parts(principal=1)), parties=TWO)
    with pytest.raises(IndexError):
        post(NOTHING, Totals(received_cash=1), parties=TWO)


def test_the_chart() -> None:
    assert all(code == account.code for code, account in ACCOUNTS.items())
    assert {account.book for account in ACCOUNTS.values()} == {"lender", "tenant"}
    assert ACCOUNTS["buyer_credit"].normal == "credit"
    assert ACCOUNTS["due_from_lender"].label == "account.due_from_lender"
