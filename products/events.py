"""Topics of the outbox: what happened to what a tenant offers."""

from typing import Final

PROGRAMME_OPENED: Final = "programme.opened"
PRODUCT_DRAFTED: Final = "product.drafted"
PRODUCT_PUBLISHED: Final = "product.published"
TIERS_REVIEWED: Final = "tiers.reviewed"
BUYER_TIER_MOVED: Final = "buyer_tier.moved"
