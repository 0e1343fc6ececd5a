"""Topics of the outbox: what was worked out."""

from typing import Final

BUYER_FACTS_COMPUTED: Final = "buyer_facts.computed"
