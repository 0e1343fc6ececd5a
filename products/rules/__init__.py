"""The pure rules of products: values in, values out; no I/O, no clock.

Frozen terms of a drawdown, their canonical form and id .... terms.py
What a tenant writes, its problems, its resolving .......... product.py
Day counts; year fractions ................................ day_count.py
Nominal due dates .......................................... due_dates.py
Total cost and both rates (IRR) ............................ rate.py
"""
