"""PostgreSQL, and the wall between tenants (ARCHITECTURE §4).

A transaction in which one tenant exists ... scope.py     async with scope(ctx) as tx
The signed token that says which one ....... token.py      checked by kernel/sql/check_scope.sql
The pool, Piccolo's engine ................. engine.py    open_database, close_database
The server's failures in our own words ..... failures.py  Unavailable, Stale
Roles; a database made ready ............... roles.py     prepare_database(admin_url, secret_key) -> app_url
How the schema changes ..................... migrate.py   read its head before adding a table
A table behind the wall .................... kernel/sql/tenant_table.sql
A table whose rows stay .................... kernel/sql/append_only.sql, kernel/sql/refuse_change.sql
Column types that Piccolo lacks ............ columns.py
"""
