"""The engine: pure rules, values in, values out; no I/O, no clock. docs/decisions/0001 and 0007 are its
contract.

What happened: all events .................................. events.py
What follows: state, sums; their JSON ...................... values.py
All events from the start; what reaches back; stop by stop . replay.py
One event on its day ....................................... apply.py
Time: nights, charges at due dates, expiry ................. advance.py
Looking at rows; which bear interest ....................... rows.py

Capture → rows, due dates .................................. schedule.py   dates: products/rules/due_dates.py
Repayment forms; a plan made anew (等额本息, 等额本金, …) .... plan.py
The level payment .......................................... level.py
An accrual: exact, rounded once ............................ accrual.py
Interest of some nights; the free rules .................... interest.py
Drawdown fee, flat fee, minimum charge, subsidy ............ fees.py
An explicit charge at a date ............................... explicit_charge.py
Merchant fee ............................................... merchant_fee.py

Grace lost, or a small shortfall forgiven .................. grace.py
What a statement's cut charges ............................. cut.py
Penalty of some nights ..................................... penalty.py
Days past due; re-aged debt ................................ overdue.py
What is charged and owed; caps; when a row is settled ...... settle.py

A receipt: the grid, over drawdowns and inside one ......... allocation.py
Paid early, whole and in part .............................. early.py
Reversal of a receipt taken by mistake ..................... reversal.py
Refund on its own day (`from_refund`) ...................... refund.py
Dispute of a part .......................................... dispute.py
Silence while unsure ....................................... silence.py
Waiver ..................................................... waiver.py
A rate that changes; interest paused ....................... rate_change.py
A floating rate set anew ................................... reset.py     index: products/rules/index_rates.py
Extension (展期), another due day, a later holiday ......... extension.py
Restructure ................................................ restructure.py
Conversion into another drawdown ........................... conversion.py    both sides: decide_conversion.py

Sums of the books; non-accrual; write-off (账销案存) ....... books.py
Accounts; posting by difference ............................ accounts.py
What changed between two states ............................ changes.py
Does what is stored agree with what happened? .............. book.py
Allowed moves, projection, next event ...................... state.py

A statement's lines and sums ............................... statement.py
What of it is overdue, due, not yet due .................... standing.py
What comes until a day if nothing more happens ............. foreseen.py
Quote of a drawdown; payoff on a day ....................... quote.py
The schedule as the buyer sees it .......................... outlook.py
How an amount comes about: a tree .......................... explain.py, explain_allocation.py, derivation.py

How a drawdown moves: one step, or a whole replay .......... moves.py
What a command comes to (values) ........................... decision.py
Commands: authorise, capture, void, refund, day end ........ decide.py
Commands: receipt and its reversal ......................... decide_receipt.py
Commands: after the sale ................................... decide_after_sale.py
Commands: dates after the sale; shifted by the calendar .... decide_dates.py, later_dates.py
Limit decisions of a line .................................. limit.py
"""
