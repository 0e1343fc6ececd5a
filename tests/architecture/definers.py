"""The whole list of functions that run with their owner's rights (ARCHITECTURE: tenancy).

Each of them can see past row-level security, so the list is short and stands here alone: test_sql.py
holds the files to it, test_catalogue.py the database. To add one: argue it on a page in docs/decisions,
pin its search_path, grant EXECUTE to the application's role only, then add a line here.
"""

from typing import Final

DEFINERS: Final = {
    "kernel.check_scope": "tells the tenant of a signed scope; reads the key that the application cannot",
    "tenants.find_key": "API key to tenant, before a tenant is known",
    "kernel.find_login": "e-mail or passkey to memberships, before a tenant is known",
    "kernel.find_secret": "invitation, reset, application, reviewer or passport link to its tenant",
    "kernel.find_buyer_session": "a buyer's session to its tenant",
    "kernel.claim_slots": "due job slots of all tenants, for the worker",
    "kernel.claim_outbox": "outbox rows of all tenants below the watermark, for the worker",
    "billing.commit": "the only writer of money tables",
}
