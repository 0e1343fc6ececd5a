"""The chart of accounts, and posting by difference (DOMAIN.md §13, docs/decisions/0001).

An account is a code and, where it has one, a party: there are no account rows. A code belongs to one
kind of book.
"""

from typing import Literal
from uuid import UUID

import msgspec

from billing.rules.values import NOTHING, Totals
from products.rules.terms import COMPONENTS

BookKind = Literal["lender", "tenant"]
PartyKind = Literal["buyer", "merchant", "subsidiser", "none"]


class Account(msgspec.Struct, frozen=True):
    """`normal` is the side on which the balance usually stands; `label` is a translation key."""

    code: str
    book: BookKind
    party: PartyKind
    normal: Literal["debit", "credit"]

    @property
    def label(self) -> str:
        return f"account.{self.code}"


ACCOUNTS = {
    account.code: account
    for account in (
        Account("buyer_principal", "lender", "buyer", "debit"),
        Account("buyer_interest", "lender", "buyer", "debit"),
        Account("buyer_fee", "lender", "buyer", "debit"),
        Account("buyer_penalty", "lender", "buyer", "debit"),
        Account("buyer_credit", "lender", "buyer", "credit"),
        Account("merchant_payable", "lender", "merchant", "credit"),
        Account("interest_income", "lender", "none", "credit"),
        Account("fee_income", "lender", "none", "credit"),
        Account("penalty_income", "lender", "none", "credit"),
        Account("cash_clearing", "lender", "none", "debit"),
        Account("due_to_tenant", "lender", "none", "credit"),
        Account("due_from_lender", "tenant", "none", "debit"),
        Account("merchant_fee_income", "tenant", "none", "credit"),
        Account("subsidiser_receivable", "lender", "subsidiser", "debit"),
        Account("waiver", "lender", "none", "debit"),
        Account("goodwill", "lender", "none", "debit"),
        Account("small_differences", "lender", "none", "debit"),
        Account("conversion_clearing", "lender", "buyer", "debit"),
        Account("buyer_written_off", "lender", "buyer", "credit"),
        Account("loss_allowance", "lender", "none", "credit"),
        Account("recovery_income", "lender", "none", "credit"),
    )
}


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands behind the accounts of one drawdown. One entity that is both has one book."""

    buyer: UUID
    merchant: UUID | None = None
    subsidiser: UUID | None = None
    lender_book: UUID
    tenant_book: UUID


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides in one book and one positive amount: it cannot be unbalanced."""

    book: UUID
    debit_account: str
    debit_party: UUID | None
    credit_account: str
    credit_party: UUID | None
    amount_minor: int


def _posting(parties: Parties, debit: str, credit: str, amount_minor: int) -> Posting:
    """The posting of a signed amount: a negative one is its mirror."""
    if amount_minor < 0:
        debit, credit, amount_minor = credit, debit, -amount_minor
    party = {
        "buyer": parties.buyer,
        "merchant": parties.merchant,
        "subsidiser": parties.subsidiser,
        "none": None,
    }
    books = {"lender": parties.lender_book, "tenant": parties.tenant_book}
    return Posting(
        book=books[ACCOUNTS[debit].book],
        debit_account=debit,
        debit_party=party[ACCOUNTS[debit].party],
        credit_account=credit,
        credit_party=party[ACCOUNTS[credit].party],
        amount_minor=amount_minor,
    )


def _paired(debits: list[tuple[str, int]], takers: list[tuple[str, int]]) -> list[tuple[str, str, int]]:
    """Sides of equal sum as pairs, in order: 70 + 30 against 40 + 60 gives 40, 30, 30."""
    pairs = []
    left = list(reversed(takers))
    for debit, amount in debits:
        while amount:
            credit, room = left.pop()
            moved = min(amount, room)
            pairs.append((debit, credit, moved))
            amount -= moved
            if room > moved:
                left.append((credit, room - moved))
    if left:
        raise ValueError(f"money came from nowhere: {left}")
    return pairs


SOURCES: tuple[tuple[str, str], ...] = (
    ("received_cash", "cash_clearing"),
    ("received_set_off", "merchant_payable"),
    ("received_goodwill", "goodwill"),
)


def _money(before: Totals, after: Totals) -> list[tuple[str, str, int]]:
    """Money in, what it paid or reopened, the buyer's credit. Balanced because received = paid + excess."""
    credit = (after.excess - before.excess) - (after.received_credit - before.received_credit)
    paid = after.paid.minus(before.paid)
    changes = [(account, getattr(before, name) - getattr(after, name)) for name, account in SOURCES]
    changes += [(f"buyer_{component}", paid.of(component)) for component in COMPONENTS]
    changes += [("buyer_credit", credit)]
    return _paired(
        [(account, -change) for account, change in changes if change < 0],
        [(account, change) for account, change in changes if change > 0],
    )


def _charges(before: Totals, after: Totals) -> list[tuple[str, str, int]]:
    """Income of its kind; what was charged after a write-off is recovery income."""
    charged = after.charged.minus(before.charged)
    recovered = after.recovered_charges.minus(before.recovered_charges)
    shared = after.subsidised.minus(before.subsidised)
    if charged == recovered == shared == NOTHING:
        return []
    moves = []
    for kind in ("interest", "fee", "penalty"):
        moves.append((f"buyer_{kind}", f"{kind}_income", charged.of(kind) - recovered.of(kind)))
        moves.append((f"buyer_{kind}", "recovery_income", recovered.of(kind)))
        moves.append(("subsidiser_receivable", f"{kind}_income", shared.of(kind)))
    return moves


def _given(before: Totals, after: Totals) -> list[tuple[str, str, int]]:
    """Forgiven, written off as small, or turned into principal."""
    moves: list[tuple[str, str, int]] = []
    waived, small = after.waived.minus(before.waived), after.small.minus(before.small)
    more = after.capitalised.minus(before.capitalised)
    if waived == small == more == NOTHING:
        return moves
    for component in COMPONENTS:
        moves.append(("waiver", f"buyer_{component}", waived.of(component)))
        moves.append(("small_differences", f"buyer_{component}", small.of(component)))
        moves.append(("buyer_principal", f"buyer_{component}", more.of(component)))
    return moves


def post(before: Totals, after: Totals, *, parties: Parties) -> tuple[Posting, ...]:
    """The difference of two states' totals as postings, cause by cause; equal totals give none."""

    def more(name: str) -> int:
        return int(getattr(after, name) - getattr(before, name))

    moves = [
        ("buyer_principal", "merchant_payable", more("captured")),
        ("cash_clearing", "merchant_payable", more("down_payment")),
        ("buyer_principal", "conversion_clearing", more("converted_in")),
        ("conversion_clearing", "buyer_principal", more("converted_out")),
        ("merchant_payable", "buyer_principal", more("refunded")),
        ("merchant_payable", "buyer_credit", more("down_returned")),
    ]
    if parties.lender_book == parties.tenant_book:
        moves.append(("merchant_payable", "merchant_fee_income", more("merchant_fee")))
    else:
        moves.append(("merchant_payable", "due_to_tenant", more("merchant_fee")))
        moves.append(("due_from_lender", "merchant_fee_income", more("merchant_fee")))
    moves += [
        *_charges(before, after),
        *_given(before, after),
        *_money(before, after),
        ("loss_allowance", "buyer_written_off", more("written_off")),
        ("buyer_written_off", "recovery_income", more("recovered_principal")),
    ]
    return tuple(_posting(parties, debit, credit, amount) for debit, credit, amount in moves if amount)
