"""Topics of the outbox: what happened, to whom it may concern. A payload is the object after it."""

from typing import Final

TENANT_OPENED: Final = "tenant.opened"
MEMBER_ADDED: Final = "member.added"
MEMBER_ROLES_CHANGED: Final = "member.roles_changed"
KEY_ISSUED: Final = "key.issued"
KEY_REVOKED: Final = "key.revoked"
BUYER_ADDED: Final = "buyer.added"
BUYER_UPDATED: Final = "buyer.updated"
MERCHANT_ADDED: Final = "merchant.added"
ORDERS_RECORDED: Final = "orders.recorded"
RETURNS_RECORDED: Final = "returns.recorded"
IMPORT_BEGUN: Final = "import.begun"
IMPORT_ENDED: Final = "import.ended"
