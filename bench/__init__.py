"""Measurements: `./dev bench NAME`. What each means and the last run's figures: docs/performance.md.

The way of an order's money, HTTP against SQL ... money.py
Day end over a million drawdowns ............... day_end.py; end_day.py is the process that is killed
Ten thousand statements ........................ statements.py
Statements as PDFs ............................. paper.py
All facts of all buyers, a review of tiers ...... facts.py
Books of a million ............................. big_book.py
Servers of its own, away from all others ....... stage.py
Platforms with many lines ...................... book.py
Commands as the application encodes them ....... commands.py
Load: pgbench, wrk ............................. pgbench.py, wrk.py with drawdowns.lua
Medians, spread, ratios, tables ................ figures.py
What went wrong, and the way out ............... errors.py
The command line ............................... __main__.py
"""
