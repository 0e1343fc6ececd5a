"""The ledger: postings, and every account's sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

from billing.history import Balance, By, LedgerEntry
from billing.rules.accounts import ACCOUNTS
from billing.schemas.values import JournalId
from kernel.context import Ctx
from products.schemas import BookId
from tenants.schemas import BuyerId, MerchantId


class EntryBody(msgspec.Struct, kw_only=True):
    """One posting: one amount from one account to another, in one book."""

    object: Literal["ledger_entry"] = "ledger_entry"
    livemode: bool
    journal_id: JournalId
    no: int
    reference: str
    kind: str
    effective_on: date
    booked_on: date
    book_id: BookId
    debit_account: str
    debit_party: str | None
    credit_account: str
    credit_party: str | None
    amount_minor: int
    currency: str


class BalanceBody(msgspec.Struct, kw_only=True):
    """`balance_minor` is positive on the account's `normal` side."""

    book_id: BookId
    account: str
    currency: str
    normal: Literal["debit", "credit"]
    debit_minor: int
    credit_minor: int
    balance_minor: int


class TrialBalanceBody(msgspec.Struct, kw_only=True):
    """Through the day `on`, counted `by` effective or booked date. Debits equal credits in each book."""

    object: Literal["trial_balance"] = "trial_balance"
    livemode: bool
    on: date
    by: By
    accounts: list[BalanceBody]


def entry_body(ctx: Ctx, entry: LedgerEntry) -> EntryBody:
    return EntryBody(
        livemode=ctx.mode == "live",
        journal_id=JournalId(entry.journal_id),
        no=entry.no,
        reference=entry.reference,
        kind=entry.kind,
        effective_on=entry.effective_on,
        booked_on=entry.booked_on,
        book_id=BookId(entry.book),
        debit_account=entry.debit_account,
        debit_party=_party(entry.debit_account, entry.debit_party),
        credit_account=entry.credit_account,
        credit_party=_party(entry.credit_account, entry.credit_party),
        amount_minor=entry.amount_minor,
        currency=entry.currency,
    )


def trial_balance_body(ctx: Ctx, on: date, by: By, balances: Sequence[Balance]) -> TrialBalanceBody:
    return TrialBalanceBody(
        livemode=ctx.mode == "live", on=on, by=by, accounts=[_balance(balance) for balance in balances]
    )


def _balance(balance: Balance) -> BalanceBody:
    normal = ACCOUNTS[balance.account].normal
    debit = balance.debit_minor - balance.credit_minor
    return BalanceBody(
        book_id=BookId(balance.book),
        account=balance.account,
        currency=balance.currency,
        normal=normal,
        debit_minor=balance.debit_minor,
        credit_minor=balance.credit_minor,
        balance_minor=debit if normal == "debit" else -debit,
    )


def _party(account: str, party: UUID | None) -> str | None:
    """An account says what kind its party is."""
    if party is None:
        return None
    return str(BuyerId(party) if ACCOUNTS[account].party == "buyer" else MerchantId(party))
