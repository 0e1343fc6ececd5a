"""The command line `tradeline`: the same use cases as the API, without it.

What commands there are, loaded when asked for ... root.py
A command's context, tenant and member ........... session.py, commands.py
What a person or a script sees ................... output.py
One line what, one line what to do, exit codes ... failures.py
Amounts, dates, names; files read and written ..... values.py, named.py, documents.py, written.py
serve, worker, migrate; demo ..................... serving.py, demo.py
tenant, member, key .............................. tenant.py, member.py, key.py
buyer, merchant, import .......................... buyer.py, merchant.py, imports.py
programme, product ............................... programme.py, product.py
line, drawdown, receipt, statement ............... line.py, drawdown.py, receipt.py, statement.py
facts, tier ...................................... facts.py, tier.py
day-end, clock, verify, ledger ................... day_end.py, clock.py, verify.py, ledger.py
explain: why an amount is what it is ............. explain.py
engine, apr: pure, without database or web ....... engine.py, engine_case.py, apr.py, apr_case.py
"""

from __future__ import annotations


def main() -> None:
    """Runs the command line and exits: 0 done, 1 refused, 2 not understood, 3 something around us missing."""
    from app.cli.root import app

    app()
