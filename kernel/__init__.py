"""The ground all else stands on: knows no tenant's business and imports none of the other packages.

The environment ......................... settings.py   load_settings(environ) -> Settings
Embedded PostgreSQL and Valkey .......... serve/        start_stack(settings) -> Stack
Money: currencies, the one rounding ..... money.py     round_ratio(numerator, denominator, mode)
"""
