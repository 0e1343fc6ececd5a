"""The pure rules of products: values in, values out; no I/O, no clock.

Frozen terms of a drawdown, their canonical form and id .... terms.py
What a tenant writes: its problems, its resolving .......... product.py
Every setting, its check and what it becomes ............... settings.py, checks.py, document.py
What contradicts itself .................................... contradictions.py
What a tier, category, season or campaign changes .......... overrides.py
Who is in which tier, and with what limit ................. tiers.py
What may be asked about a buyer; by conditions ............ facts.py, condition.py
Dated rows of law, the loan prime rate; held against them .. law.py, lawful.py
What a floating rate follows ............................... index_rates.py
Day counts; year fractions ................................. day_count.py
Nominal due dates; shifted ones ............................ due_dates.py, calendar.py
Total cost and both rates (IRR); their roots ............... rate.py, root.py
"""
