"""Fees: at drawdown, each period, and what is lacking to the minimum charge (DOMAIN.md §3)."""

from msgspec.structs import replace

from billing.rules.rows import capture_of
from billing.rules.settle import share_of
from billing.rules.values import Instalment, State
from kernel.money import round_ratio
from products.rules.terms import RATE_SCALE, Terms, billionths


def drawdown_fee(terms: Terms, amount_minor: int) -> tuple[int, int]:
    """The buyer's part and the merchant's of the fee on what is financed.

    1 % of ¥1,000.00 + ¥5.00 with a buyer's share of 0.6: ¥9.00 and ¥6.00.
    """
    if amount_minor <= 0 or not (terms.drawdown_fee_rate or terms.drawdown_fee_minor):
        return 0, 0
    whole = share_of(amount_minor, billionths(terms.drawdown_fee_rate), terms) + terms.drawdown_fee_minor
    buyers = round_ratio(whole * billionths(terms.buyer_fee_share), RATE_SCALE, terms.rounding)
    return buyers, whole - buyers


def period_fee(terms: Terms, principal_minor: int, index: int) -> int:
    """Of period `index` (from 1), on the original principal. 0.006 of ¥12,000.00: ¥72.00."""
    if index <= terms.free_periods:
        return 0
    return share_of(principal_minor, billionths(terms.period_fee_rate), terms)


def subsidised(terms: Terms, fee_minor: int) -> tuple[int, int]:
    """A fee as the buyer's part and the subsidiser's."""
    if terms.subsidiser is None:
        return fee_minor, 0
    share = share_of(fee_minor, billionths(terms.subsidised_fee), terms)
    return fee_minor - share, share


def with_fee(terms: Terms, row: Instalment, fee_minor: int) -> Instalment:
    """The fee charged on the row, the subsidiser's part apart."""
    if not fee_minor:
        return row
    buyers, share = subsidised(terms, fee_minor)
    both = replace(row.subsidised, fee=row.subsidised.fee + share) if share else row.subsidised
    return replace(row, fee_minor=row.fee_minor + buyers, subsidised=both)


def charge_planned(terms: Terms, row: Instalment) -> Instalment:
    """The period's fee, on its charge date."""
    if not row.planned_fee_minor:
        return row
    return with_fee(terms, replace(row, planned_fee_minor=0), row.planned_fee_minor)


def lacking_minor(terms: Terms, state: State, capture_no: int, now: Instalment) -> int:
    """What the buyer's interest and fees lack to the minimum charge; `now` is the capture's last row as
    charged.

    Nothing for goods that all came back. Minimum ¥5.00, charged ¥3.20: ¥1.80.
    """
    if not terms.minimum_charge_minor:
        return 0
    capture = capture_of(state, capture_no)
    if capture.amount_minor <= capture.refunded_minor:
        return 0
    so_far = 0
    for row in state.instalments:
        if row.capture_no == capture_no:
            row = now if row.no == now.no else row
            so_far += row.interest.charged_minor + row.fee_minor + row.planned_fee_minor
    return max(0, terms.minimum_charge_minor - so_far)
