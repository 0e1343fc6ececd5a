"""Routes of what is owed, by resource. Each is thin: body to command, use case, resource.

Filters and pages of lists ........ listing.py
Lines, limit decisions ............ lines.py
Authorise, capture, void, refund .. drawdowns.py
After the sale ..................... debts.py
Receipts and their reversal ....... receipts.py
Quotes and payoffs ................ quotes.py
Statements, and the next one ...... statements.py
Why an amount is what it is ........ explanations.py
Ledger entries, trial balance ..... ledger.py
Clock of a test tenant ............ clock.py
"""

from __future__ import annotations

from typing import Final

from litestar import Router

from billing.api import (
    clock,
    debts,
    drawdowns,
    explanations,
    ledger,
    lines,
    quotes,
    receipts,
    statements,
)

router: Final = Router(
    "/",
    route_handlers=[
        lines.create_limit_decision,
        lines.list_limit_decisions,
        lines.list_lines,
        lines.get_line,
        drawdowns.create_drawdown,
        drawdowns.capture_drawdown,
        drawdowns.void_drawdown,
        drawdowns.refund_drawdown,
        drawdowns.list_drawdowns,
        drawdowns.get_drawdown,
        drawdowns.get_drawdown_schedule,
        drawdowns.list_drawdown_events,
        drawdowns.list_drawdown_charges,
        debts.waive,
        debts.charge,
        debts.dispute,
        debts.resolve,
        debts.silence,
        debts.unsilence,
        debts.pause,
        debts.rate,
        debts.extend,
        debts.move_date,
        debts.due_day,
        debts.restructure,
        debts.convert,
        debts.write_off,
        explanations.get_explanation,
        quotes.create_quote,
        quotes.get_payoff,
        receipts.create_receipt,
        receipts.create_receipts,
        receipts.set_off,
        receipts.goodwill,
        receipts.undo_receipt,
        receipts.list_receipts,
        receipts.get_receipt,
        statements.list_statements,
        statements.get_statement,
        statements.preview_statement,
        ledger.list_ledger_entries,
        ledger.get_trial_balance,
        clock.get_clock,
        clock.advance_clock,
    ],
)
