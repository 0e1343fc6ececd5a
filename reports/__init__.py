"""What it means: what is owed and offered, told to people; later facts, forecast, funnel, portfolio.

Reads the others; decides nothing.

A template and values become a page, a page a PDF ... paper.py, templates/
Amounts, days and rates in the reader's language .... wording.py
The paper of a statement ............................ statement_paper.py
Routes, and what refuses ............................ api.py, errors.py
"""
