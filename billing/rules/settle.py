"""When nothing of an instalment is owed any more, and what is owed until then."""

from datetime import date

from msgspec.structs import replace

from billing.rules.accrual import charge, closed
from billing.rules.values import Instalment, Parts
from products.rules.terms import Terms


def charge_penalty(terms: Terms, instalment: Instalment, on: date) -> Instalment:
    """What counts only while grace lasts is not charged."""
    if not instalment.past_due:
        return instalment
    return replace(instalment, penalty=charge(instalment.penalty, on, terms.rounding))


def charge_all(terms: Terms, instalment: Instalment, on: date) -> Instalment:
    """Interest and penalty rounded as they stand on `on`: what closes the instalment on that day."""
    instalment = charge_penalty(terms, instalment, on)
    return replace(instalment, interest=charge(instalment.interest, on, terms.rounding))


def charged(instalment: Instalment) -> Parts:
    return Parts(
        penalty=instalment.penalty.charged_minor,
        interest=instalment.interest.charged_minor,
        principal=instalment.principal_minor,
    )


def owed(terms: Terms, instalment: Instalment, on: date) -> Parts:
    """By component, if all were paid on `on`, the state's day."""
    return charged(charge_all(terms, instalment, on)).minus(instalment.paid)


def settled(terms: Terms, instalment: Instalment, on: date) -> Instalment:
    """Marked settled if nothing is owed, else as it was. Not past due: its penalty nights are forgotten."""
    if instalment.settled_on or instalment.open_minor:
        return instalment
    done = charge_all(terms, instalment, on)
    if charged(done) != done.paid:
        return instalment
    penalty = done.penalty if done.past_due else closed(done.penalty)
    return replace(done, penalty=penalty, past_due=False, settled_on=on)
