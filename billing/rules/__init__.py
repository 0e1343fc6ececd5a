"""The engine: pure rules, values in, values out; no I/O, no clock. docs/decisions/0001 is its contract.

Events, state, totals; their JSON ......................... values.py
Capture → instalments, due dates .......................... schedule.py
An accrual: exact, rounded once ........................... accrual.py
Interest of some nights ................................... interest.py
Penalty of some nights, grace ............................. penalty.py
When an instalment is settled ............................. settle.py
Time: nights, charges at due dates, grace lost, expiry .... advance.py
One event on its day ...................................... apply.py
All events from the start; what reaches back .............. replay.py
A receipt: the grid, over drawdowns and inside one ........ allocation.py
Refund on its own day (`from_refund`) ..................... refund.py
Reversal of a receipt taken by mistake .................... reversal.py
Merchant fee .............................................. merchant_fee.py
Allowed moves, totals, projection, next event ............. state.py
Days past due ............................................. overdue.py
Accounts; posting by difference ........................... accounts.py
What changed between two states ........................... changes.py
Quote of a drawdown; payoff on a day ...................... quote.py
How a drawdown moves: one step, or a whole replay ......... moves.py
What a command comes to (values) .......................... decision.py
Commands: authorise, capture, void, refund, day end ....... decide.py
Commands: receipt and its reversal ........................ decide_receipt.py
Limit decisions of a line ................................. limit.py
Does what is stored agree with what happened? ............. book.py
"""
