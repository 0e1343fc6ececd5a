"""Interest: open principal × daily rate × nights, from the first night not free to the nominal due date.

After the due date it stands still (`replaced`, DOMAIN.md §3): the penalty alone runs on what is past due.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from billing.rules.accrual import nights
from billing.rules.values import Instalment
from products.rules.terms import Terms, billionths


def first_night(terms: Terms, instalment: Instalment) -> date:
    return instalment.start_on + timedelta(terms.free_days)


def accrue(terms: Terms, instalment: Instalment, since: date, to: date) -> Instalment:
    """The nights from `since` to `to`, in which nothing is paid or refunded.

    ¥10,000.00 at 0.0005, 40 nights free: night 40 is the first that counts, ¥5.00.
    """
    counted = nights(max(since, first_night(terms, instalment)), min(to, instalment.nominal_on))
    grown = instalment.open_minor * billionths(terms.daily_rate) * counted
    if not grown:
        return instalment
    interest = instalment.interest
    return replace(instalment, interest=replace(interest, exact=interest.exact + grown))
