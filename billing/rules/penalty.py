"""Penalty (罚息): each night's unpaid past-due amount × penalty rate, never on penalty (DOMAIN.md §3).

Nights count from the due date, or from the last day of grace, that night included. While grace lasts they are
only noted: `row.past_due` decides whether they are owed; paid whole within grace they are forgotten.
"""

from datetime import date

from msgspec.structs import replace

from billing.rules.accrual import grown, nights
from billing.rules.values import Instalment
from products.rules.terms import Terms, billionths


def first_night(terms: Terms, row: Instalment) -> date:
    return row.due_on if terms.penalty_start == "due_date" else row.grace_on


def base_minor(terms: Terms, row: Instalment) -> int:
    """`overdue_principal`: unpaid principal; `overdue_total`: unpaid charged interest and fee too."""
    if terms.penalty_base == "overdue_principal":
        return row.open_minor
    interest = row.interest.charged_minor + row.late.charged_minor - row.paid.interest - row.waived.interest
    return row.open_minor + interest + row.fee_minor - row.paid.fee - row.waived.fee


def accrue(terms: Terms, row: Instalment, since: date, to: date, silent_minor: int = 0) -> Instalment:
    """The nights from `since` to `to`, in which nothing is paid; interest must be charged to its due date.

    Of the base, `silent_minor` is noted apart. ¥1,000.00 due 10 March at 0.0005, paid 14 March: nights 10 to
    13, ¥2.00.
    """
    counted = nights(max(since, first_night(terms, row)), to)
    if counted and terms.penalty_numerator:
        each, base = terms.penalty_numerator * counted, base_minor(terms, row)
        silent = min(silent_minor, base)
        row = replace(
            row,
            penalty=grown(row.penalty, (base - silent) * each),
            silent_exact=row.silent_exact + silent * each,
        )
    if terms.cap_annual_rate is not None and (late := nights(max(since, row.due_on), to)):
        row = replace(
            row, cap_exact=row.cap_exact + row.open_minor * billionths(terms.cap_annual_rate) * late
        )
    return row
