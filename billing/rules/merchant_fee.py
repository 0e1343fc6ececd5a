"""The merchant's fee: its rate on what was captured, less refunds if the fee returns (DOMAIN.md §3, §12).

With it goes the merchant's part of the drawdown fee.
"""

from msgspec.structs import replace

from billing.rules.settle import share_of
from billing.rules.values import Capture
from products.rules.terms import Terms, billionths


def with_merchant_fee(terms: Terms, capture: Capture) -> Capture:
    """The fee kept is rounded once: 0.01 of ¥33.50 is ¥0.34, and ¥0.30 after ¥3.50 came back."""
    if capture.conversion:
        return capture
    goods_minor = capture.amount_minor + capture.down_minor
    back_minor = capture.refunded_minor + capture.down_refunded_minor
    kept_of = goods_minor - (back_minor if terms.merchant_fee_returns else 0)
    fee = share_of(kept_of, billionths(terms.merchant_fee_rate), terms)
    return replace(capture, merchant_fee_minor=fee + capture.merchant_share_minor)
