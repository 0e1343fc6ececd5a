"""What it means: what is owed and offered, told to people; later facts, forecast, funnel, portfolio.

Reads the others; decides nothing. What others need of it is written into their tables (products.buyer_facts).

Compute all facts of all buyers ..................... buyer_facts.py, by the statement in facts_query.py
Each day ............................................ jobs.py
A template and values become a page, a page a PDF ... paper.py, templates/
Amounts, days and rates in the reader's language .... wording.py
The paper of a statement ............................ statement_paper.py
Routes, and what they answer ........................ api.py, schemas.py
Refusals, topics of the outbox ...................... errors.py, events.py
"""
