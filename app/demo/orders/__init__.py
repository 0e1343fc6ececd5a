"""One more platform from a real order file; the rules are docs/real-orders.md.

Lines into orders and credit notes, the rest set aside ... reader.py
What is declared: limits, product, how buyers pay ........ model.py
Which goods a credit note gives back ..................... returns.py
The days, one after another .............................. run.py
What came of it .......................................... summary.py
"""
