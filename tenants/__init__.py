"""Who: platforms and their live and test tenants, members and their keys, buyers, merchants.

Open a platform's live or test tenant .......... open_tenant.py
Let a member in, change roles .................. add_member.py, set_member_roles.py
Make an API key, end it ........................ issue_key.py, revoke_key.py
Buyers, with the person who owns the account ... add_buyer.py, update_buyer.py
Merchants ...................................... add_merchant.py
What happened on the platform .................. record_orders.py, record_returns.py
Written set by set, in any transaction ......... trade.py
What an order or return may be ................. rules/trade.py
The permission vocabulary, roles ............... rules/roles.py   (each permission also beside its use case)
What an API key looks like ..................... rules/keys.py
What a name or reference may be ................ rules/inputs.py
From a key to its tenant ....................... queries.py find_key, sql/find_key.sql
Over HTTP ...................................... api.py, schemas.py
Tables, refusals, events ....................... tables.py, errors.py, events.py
"""
