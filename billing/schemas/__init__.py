"""What billing tells and is told over HTTP and the command line, by resource (CONVENTIONS §1.1).

Ids, amounts, texts ................ values.py
Lines and limit decisions .......... lines.py
Drawdowns, refunds, events, charges  drawdowns.py
After the sale ..................... debts.py
Receipts and what they pay ......... receipts.py
Quotes and payoffs ................. quotes.py
The plan as the buyer sees it ...... schedules.py
Why an amount is what it is ........ explanations.py
Statements ......................... statements.py
Ledger entries, trial balance ...... ledger.py
Clock .............................. clock.py
"""
