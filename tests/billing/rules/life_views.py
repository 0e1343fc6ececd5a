"""A drawdown in the words that the engine and the naive model both know, and where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.rules.books import totals
from billing.rules.overdue import days_past_due
from billing.rules.settle import charged, owed
from billing.rules.state import outstanding_minor, remaining_minor
from products.rules.terms import COMPONENTS

if TYPE_CHECKING:
    from billing.rules.values import State
    from products.rules.terms import Terms
    from tests.billing.rules.naive_debt import Story


def as_of_engine(terms: Terms, state: State) -> dict[str, Any]:
    """A state in the words that both know."""
    rows = {}
    for row in state.instalments:
        asked = owed(terms, state, row)
        rows[row.no] = {
            "dates": (row.start_on, row.nominal_on, row.due_on, row.grace_on),
            "charged": {component: charged(row).of(component) for component in COMPONENTS},
            "paid": {component: row.paid.of(component) for component in COMPONENTS},
            "owes": {component: 0 if row.disputed else asked.of(component) for component in COMPONENTS},
            "flags": (row.past_due, row.disputed),
        }
    receipts = {
        receipt.receipt_id: (
            receipt.amount_minor,
            receipt.excess_minor,
            {
                (part.instalment_no, component): part.paid.of(component)
                for part in receipt.parts
                for component in COMPONENTS
                if part.paid.of(component)
            },
        )
        for receipt in state.receipts
    }
    return {
        "status": state.status,
        "held": remaining_minor(state),
        "outstanding": outstanding_minor(state),
        "days past due": days_past_due(state, state.as_of),
        "merchant fee": totals(state).merchant_fee,
        "refunded": sum(capture.refunded_minor for capture in state.captures),
        "rows": rows,
        "receipts": receipts,
    }


def as_of_naive(story: Story) -> dict[str, Any]:
    rows = {
        row.no: {
            "dates": (row.start, row.nominal, row.due, row.grace),
            "charged": row.charged(),
            "paid": dict(row.paid),
            "owes": row.owes(),
            "flags": (row.past_due, row.disputed),
        }
        for row in story.rows
    }
    receipts = {
        receipt.id: (
            receipt.amount,
            receipt.excess,
            {(no, c): paid for no, parts in receipt.parts.items() for c, paid in parts.items() if paid},
        )
        for receipt in story.receipts
    }
    return {
        "status": story.status,
        "held": story.held,
        "outstanding": story.outstanding,
        "days past due": story.days_past_due,
        "merchant fee": story.merchant_fee,
        "refunded": sum(capture.refunded for capture in story.captures),
        "rows": rows,
        "receipts": receipts,
    }


def differing(told: Any, expected: Any, path: str) -> str:
    """Where two answers differ."""
    if isinstance(told, dict) and isinstance(expected, dict):
        return "".join(
            differing(told.get(key), expected.get(key), f"{path} / {key}")
            for key in {**told, **expected}
            if told.get(key) != expected.get(key)
        )
    return f"\n{path}: engine {told}, model {expected}"
