"""`tradeline demo`: a working system with something in it, made through the real use cases.

From start to end ........................ run.py
Tenants, members, programme, product ..... platforms.py
The demo's API keys, kept for a restart .. keyring.py
A member at work, day by day ............. desk.py   each step under a key: interrupted, it goes on
A small simulated story .................. story/    plan.py (pure), play.py
A real platform's orders ................. orders/   reader.py, model.py, returns.py, run.py, summary.py
Reads of the book ........................ book.py
What can go wrong ........................ errors.py
"""
