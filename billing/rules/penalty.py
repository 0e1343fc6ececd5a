"""Penalty (罚息): each night's unpaid past-due amount × penalty rate, never on penalty (DOMAIN.md §3).

Nights count from the due date, or from the last day of grace, that night included. While grace lasts they are
only noted: `instalment.past_due` decides whether they are owed; paid whole within grace they are forgotten.
"""

from datetime import date

from msgspec.structs import replace

from billing.rules.accrual import nights
from billing.rules.values import Instalment
from products.rules.terms import Terms, billionths


def first_night(terms: Terms, instalment: Instalment) -> date:
    return instalment.due_on if terms.penalty_start == "due_date" else instalment.grace_on


def base_minor(terms: Terms, instalment: Instalment) -> int:
    """`overdue_principal`: unpaid principal; `overdue_total`: unpaid charged interest and fee too."""
    if terms.penalty_base == "overdue_principal":
        return instalment.open_minor
    charged, paid = instalment.interest.charged_minor, instalment.paid
    return instalment.open_minor + charged - paid.interest - paid.fee


def accrue(terms: Terms, instalment: Instalment, since: date, to: date) -> Instalment:
    """The nights from `since` to `to`, in which nothing is paid; interest must be charged to its due date.

    ¥1,000.00 due 10 March at 0.0005, paid 14 March: nights 10 to 13, ¥2.00.
    """
    counted = nights(max(since, first_night(terms, instalment)), to)
    if not counted:
        return instalment
    grown = base_minor(terms, instalment) * billionths(terms.penalty_daily_rate) * counted
    penalty = instalment.penalty
    return replace(instalment, penalty=replace(penalty, exact=penalty.exact + grown))
