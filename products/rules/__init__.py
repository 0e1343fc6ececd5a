"""The pure rules of products: values in, values out; no I/O, no clock.

Frozen terms of a drawdown, their canonical form and id .... terms.py
What a tenant writes: its problems, its resolving .......... product.py
Every setting, its check and what it becomes ............... settings.py, checks.py
What contradicts itself or the law ......................... contradictions.py
Dated rows of law; the loan prime rate ..................... law.py
Day counts; year fractions ................................. day_count.py
Nominal due dates; shifted ones ............................ due_dates.py, calendar.py
Total cost and both rates (IRR); their roots ............... rate.py, root.py
"""
