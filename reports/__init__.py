"""WHAT IT MEANS: buyer facts and profile, forecast, funnel, portfolio, smart report, PDF, export.

Reads the others; decides nothing. What others need of it is written into their tables (products.buyer_facts).

Compute all facts of all buyers ...... buyer_facts.py, by the statement in facts_query.py
Each day ............................. jobs.py
Routes, and what they answer ......... api.py, schemas.py
Refusals, topics of the outbox ....... errors.py, events.py
"""
