"""What a drawdown costs if paid when due, and what closes one on a day: the engine itself, asked ahead."""

from datetime import date
from decimal import Decimal

import msgspec

from billing.rules.advance import advance
from billing.rules.allocation import claims
from billing.rules.events import Authorised, Captured
from billing.rules.replay import replay
from billing.rules.values import NOTHING, Parts, State
from products.rules.rate import Flow, irr_compound, irr_simple
from products.rules.terms import Terms


class QuotedInstalment(msgspec.Struct, frozen=True, kw_only=True):
    due_on: date
    principal_minor: int
    interest_minor: int
    total_minor: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Total cost and both rates (fractions: 0.0608 is 6.08 %) if all is paid on its due date."""

    schedule: tuple[QuotedInstalment, ...]
    principal_minor: int
    total_cost_minor: int
    irr_simple: Decimal
    irr_compound: Decimal


def quote(terms: Terms, amount_minor: int, captured_on: date) -> Quote:
    """¥10,000.00, 60 days, 40 of them free, at 0.0005 a day: ¥100.00; 6.08 % simple, 6.24 % compound.

    Raises ValueError if the amount is not positive.
    """
    if amount_minor <= 0:
        raise ValueError(f"not an amount to finance: {amount_minor}")
    expires_on = date.max
    events = (
        Authorised(seq=1, effective_on=captured_on, amount_minor=amount_minor, expires_on=expires_on),
        Captured(
            seq=2, effective_on=captured_on, capture_no=1, amount_minor=amount_minor, booked_on=captured_on
        ),
    )
    state = replay(terms, events, captured_on)
    last_on = max(instalment.nominal_on for instalment in state.instalments)
    due = advance(terms, state, last_on).instalments
    schedule = tuple(
        QuotedInstalment(
            due_on=instalment.due_on,
            principal_minor=instalment.principal_minor,
            interest_minor=instalment.interest.charged_minor,
            total_minor=instalment.principal_minor + instalment.interest.charged_minor,
        )
        for instalment in due
    )
    flows = [Flow(captured_on, amount_minor)]
    flows += [Flow(i.nominal_on, -row.total_minor) for i, row in zip(due, schedule, strict=True)]
    return Quote(
        schedule=schedule,
        principal_minor=amount_minor,
        total_cost_minor=sum(row.interest_minor for row in schedule),
        irr_simple=irr_simple(flows),
        irr_compound=irr_compound(flows),
    )


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    """What closes a drawdown on `on`, by component; paid with `advance` while part of it is not yet due."""

    on: date
    parts: Parts
    total_minor: int


def payoff(terms: Terms, state: State, on: date) -> Payoff:
    """Raises ValueError if `on` lies before the state's day."""
    parts = NOTHING
    for claim in claims(terms, advance(terms, state, on), advance=True):
        parts = parts.plus(Parts(**{claim.component: claim.amount_minor}))
    return Payoff(on=on, parts=parts, total_minor=parts.total)
