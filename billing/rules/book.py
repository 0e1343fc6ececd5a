"""Does what is stored agree with what happened? Rows against the replayed state, the ledger against its
totals."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from billing.rules.accounts import Parties, Posting, post
from billing.rules.books import totals
from billing.rules.events import Event
from billing.rules.replay import replay
from billing.rules.settle import charged
from billing.rules.state import outstanding_minor, project, remaining_minor
from billing.rules.values import State, Totals
from products.rules.terms import COMPONENTS, Terms

Side = tuple[UUID, str, UUID | None]
"""Book, account, party."""


class Difference(msgspec.Struct, frozen=True):
    """`stored` is what the database has, `expected` what follows from the events."""

    object: str
    what: str
    stored: str
    expected: str


class StoredBook(msgspec.Struct, frozen=True, kw_only=True):
    """All that the database holds about one drawdown beside its events. Sums are minor units, debit
    positive."""

    id: UUID
    columns: Mapping[str, Any]
    instalments: Mapping[int, Mapping[str, Any]]
    balances: Mapping[Side, int]
    charges: Mapping[tuple[int, str], int]
    allocations: Mapping[tuple[int, str], int]
    held_minor: int
    outstanding_minor: int


def fold(postings: tuple[Posting, ...]) -> dict[Side, int]:
    """The balance that postings give each account, debit positive; zeros left out."""
    sums: Counter[Side] = Counter()
    for posting in postings:
        sums[posting.book, posting.debit_account, posting.debit_party] += posting.amount_minor
        sums[posting.book, posting.credit_account, posting.credit_party] -= posting.amount_minor
    return {side: amount for side, amount in sums.items() if amount}


def differences(
    terms: Terms, parties: Parties, state: State, events: tuple[Event, ...], stored: StoredBook
) -> list[Difference]:
    """Everything in which a drawdown's rows are not what its events say; empty when the book is right."""
    try:
        true = replay(terms, events, state.as_of)
    except ValueError as impossible:
        return [Difference(f"drawdown {stored.id}", "events", str(impossible), "what can have happened")]
    projection = project(terms, true)
    pairs: list[tuple[str, Any, Any]] = [
        ("state", state, true),
        ("balances", dict(stored.balances), fold(post(Totals(), totals(true), parties=parties))),
        ("held_minor", stored.held_minor, remaining_minor(true)),
        ("outstanding_minor", stored.outstanding_minor, outstanding_minor(true)),
        ("charges", dict(stored.charges), _charges(true)),
        ("allocations", dict(stored.allocations), _allocations(true)),
        ("instalments", dict(stored.instalments), {view.no: asdict(view) for view in projection.instalments}),
    ]
    columns = {name: value for name, value in asdict(projection).items() if name != "instalments"}
    pairs += [(name, stored.columns[name], value) for name, value in columns.items()]
    return [
        Difference(f"drawdown {stored.id}", what, str(has), str(should))
        for what, has, should in pairs
        if has != should
    ]


def _charges(state: State) -> dict[tuple[int, str], int]:
    found = {}
    for instalment in state.instalments:
        parts = charged(instalment)
        for kind in ("interest", "penalty", "fee"):
            if amount := parts.of(kind):
                found[instalment.no, kind] = amount
    return found


def _allocations(state: State) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for instalment in state.instalments:
        for component in COMPONENTS:
            if amount := instalment.paid.of(component):
                found[instalment.no, component] = amount
    return found
