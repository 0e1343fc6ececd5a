"""The merchant's fee: its rate on what was captured, less refunds if the fee returns (DOMAIN.md §3, §12)."""

from msgspec.structs import replace

from billing.rules.values import Capture
from kernel.money import round_ratio
from products.rules.terms import RATE_SCALE, Terms, billionths


def with_fee(terms: Terms, capture: Capture) -> Capture:
    """The fee kept is rounded once: 0.01 of ¥33.50 is ¥0.34, and ¥0.30 after ¥3.50 came back."""
    kept_of = capture.amount_minor - (capture.refunded_minor if terms.merchant_fee_returns else 0)
    fee = round_ratio(kept_of * billionths(terms.merchant_fee_rate), RATE_SCALE, terms.rounding)
    return replace(capture, merchant_fee_minor=fee)
