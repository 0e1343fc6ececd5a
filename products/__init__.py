"""What is offered: programmes, credit products and the frozen terms that drawdowns are made under.

Open a programme: lender, licence, books ... open_programme.py
Write a product's draft ................... draft_product.py
Whole documents to begin with ............. templates.py
Publish it, by a second member ............ publish_product.py
Review who is in which tier ............... review_tiers.py, tier_judging.py, tier_rows.py, rules/tiers.py
Buyers' facts and tiers, reads ............ buyer_tiers.py, rules/facts.py
Conditions over facts (CEL) ............... rules/condition.py
What a product document may say ........... rules/settings.py, rules/product.py
What the law caps ......................... rules/law.py
Working days, by the calendar's name ...... calendars.py, rules/calendar.py
The frozen terms and their id ............. rules/terms.py
Total cost and both rates (IRR) ........... rules/rate.py
The terms offered at this moment, reads ... queries.py   published
Routes, and what they answer .............. api.py, schemas.py
Tables .................................... tables.py
Refusals, topics of the outbox ............ errors.py, events.py
"""
