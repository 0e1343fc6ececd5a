"""Who: platforms and their live and test tenants, members and their keys, buyers, merchants.

Open a platform's live or test tenant .......... open_tenant.py
Let a member in, change roles .................. add_member.py, set_member_roles.py
Make an API key, end it ........................ issue_key.py, revoke_key.py
Buyers, with the person who owns the account ... add_buyer.py, update_buyer.py
Merchants ...................................... add_merchant.py
What happened on the platform .................. record_orders.py, record_returns.py
A platform's file, piece by piece .............. begin_import.py, take_rows.py, end_import.py, try_rows.py
Imports as they stand; what a piece comes to ... imports.py
Written set by set, in any transaction ......... trade.py, parties.py
What an order, return, buyer, receipt may be ... rules/trade.py, rules/parties.py
What a mapping may say ......................... rules/mapping.py
Rows of a file become objects .................. rules/rows.py, rules/steps.py
Cells of a row become values ................... rules/row_cells.py, rules/cells.py
What an import came to so far .................. rules/counts.py
The permission vocabulary, roles ............... rules/roles.py   (each permission also beside its use case)
What an API key looks like ..................... rules/keys.py
What a name or reference may be ................ rules/inputs.py
From a key to its tenant ....................... queries.py find_key, sql/find_key.sql
Over HTTP ...................................... api.py, schemas.py
Tables, refusals, events ....................... tables.py, errors.py, events.py
"""
