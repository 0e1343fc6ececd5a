"""Explain every yuan: each row's amounts with the tree that they follow from (DOMAIN.md §8).

The replay is walked stop by stop with the same rules that charge; every night that accrued is noted with
its base, rate and days. What the notes add up to is compared with the state: an explanation is exact or
refused.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

import msgspec

from billing.rules import interest, penalty
from billing.rules.accrual import nights
from billing.rules.derivation import Derivation, given, least, less, product, rounded, total
from billing.rules.events import Event
from billing.rules.fees import drawdown_fee
from billing.rules.replay import Step, timeline
from billing.rules.rows import bearing_minor, capture_of
from billing.rules.settle import CAP_DENOMINATOR
from billing.rules.values import CAPTURE_STRIDE, Accrual, Instalment, State
from products.rules.terms import RATE_SCALE, Terms, billionths

Notes = dict[int, list[Derivation]]
RULES: Final = frozenset({
    "cap", "cap.left", "charged.fee", "charged.interest", "charged.penalty", "fee.base", "fee.buyers_share",
    "fee.drawdown", "fee.explicit", "fee.fixed", "fee.flat_fee", "fee.merchants_share", "fee.other",
    "fee.rate", "interest", "interest.capped", "interest.subsidised", "late", "late.capped", "nights.cap",
    "nights.interest", "nights.late", "nights.penalty", "payment.level", "penalty", "penalty.capped",
    "principal.equal_instalment", "principal.equal_principal", "principal.flat_fee",
    "principal.interest_only", "principal.level", "principal.one_payment", "subsidy",
})  # fmt: skip
"""Every rule that an explanation names; each has its words (`explain.…`, scripts/i18n_check.py)."""


class RowExplained(msgspec.Struct, frozen=True, kw_only=True):
    """What is charged on one row, component by component."""

    instalment_no: int
    principal: Derivation
    interest: Derivation
    fee: Derivation
    penalty: Derivation


class _Run(NamedTuple):
    """What one accrual is made of: ended runs, and the nights of the one that goes on, as far as charged."""

    ended: tuple[Derivation, ...]
    charged: tuple[Derivation, ...]


class Trace:
    """The notes of a walk."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.nights: dict[str, Notes] = {kind: defaultdict(list) for kind in ("interest", "late", "penalty")}
        self.silent: Notes = defaultdict(list)
        self.caps: Notes = defaultdict(list)
        self.runs: dict[str, dict[int, _Run]] = {kind: {} for kind in ("interest", "late", "penalty")}

    def walk(self, step: Step) -> None:
        before = {row.no: row for row in step.before.instalments}
        for row in step.after.instalments:
            was = before.get(row.no)
            if was is not None and was is not row:
                self._accrued(step, was, row)
            for kind in self.runs:
                self._charged(kind, row.no, getattr(was, kind) if was else Accrual(), getattr(row, kind))

    def _accrued(self, step: Step, was: Instalment, row: Instalment) -> None:
        state, since = step.before, step.before.as_of
        to = row.nominal_on if row.is_accrued and not was.is_accrued else step.on
        if row.interest.exact > was.interest.exact:
            base = bearing_minor(self.terms, state, was)
            self._note("interest", was.no, interest.segments(self.terms, state, was, since, to), base)
        if row.late.exact > was.late.exact:
            found = interest.late_segments(self.terms, state, was, since, step.on)
            self._note("late", was.no, found, was.open_minor)
        if step.event is None:
            self._penalty(step, was, row)
        if was.silent_exact and not row.silent_exact:
            held = self.silent.pop(row.no, [])
            if row.penalty.exact > was.penalty.exact:
                self.nights["penalty"][row.no] += held
            elif row.penalty.charged_minor > was.penalty.charged_minor:
                self._joined(was, row, tuple(held))

    def _note(self, kind: str, no: int, found: list[interest.Segment], base: int) -> None:
        self.nights[kind][no] += [
            product(f"nights.{kind}", base, one.rate_billionths, one.days, (one.from_on, one.to_on))
            for one in found
        ]

    def _penalty(self, step: Step, was: Instalment, row: Instalment) -> None:
        """The nights of the step; of a base partly silent, both parts."""
        first = max(step.before.as_of, penalty.first_night(self.terms, was))
        counted, on = nights(first, step.on), (first, step.on)
        grown = row.penalty.exact - was.penalty.exact
        silent = row.silent_exact - was.silent_exact
        rate = self.terms.penalty_numerator
        if counted and rate and silent > 0:
            base = silent // (rate * counted)
            self.silent[row.no].append(product("nights.penalty", base, rate, counted, on))
        if counted and rate and grown > 0:
            base = grown // (rate * counted)
            self.nights["penalty"][row.no].append(product("nights.penalty", base, rate, counted, on))
        if (cap := row.cap_exact - was.cap_exact) and self.terms.cap_annual_rate is not None:
            late = max(step.before.as_of, was.due_on)
            each = billionths(self.terms.cap_annual_rate)
            days = nights(late, step.on)
            self.caps[row.no].append(product("nights.cap", cap // (each * days), each, days, (late, step.on)))

    def _joined(self, was: Instalment, row: Instalment, held: tuple[Derivation, ...]) -> None:
        """Silence ended over a row that was paid: what was noted is a run of its own."""
        run = self.runs["penalty"].get(row.no, _Run((), ()))
        parts = run.ended
        if was.penalty.run_minor:
            parts = (*parts, self._run("penalty", row.no, run.charged, was.penalty.run_minor))
        more = row.penalty.charged_minor - was.penalty.charged_minor
        self.runs["penalty"][row.no] = _Run((*parts, self._run("penalty", row.no, held, more)), ())
        self.nights["penalty"][row.no].clear()

    def _charged(self, kind: str, no: int, was: Accrual, now: Accrual) -> None:
        run = self.runs[kind].get(no, _Run((), ()))
        if now.run_exact == 0 and now.exact == 0 and (was.exact or was.run_exact):
            ended = now.earlier_minor - sum(part.value for part in run.ended)
            last = (self._run(kind, no, tuple(self.nights[kind][no]), ended),) if ended else ()
            run = _Run((*run.ended, *last), ())
            self.nights[kind][no].clear()
        elif now.run_exact != was.run_exact:
            run = _Run(run.ended, tuple(self.nights[kind][no]))
        self.runs[kind][no] = run

    def _run(self, kind: str, no: int, parts: tuple[Derivation, ...], value: int) -> Derivation:
        """One run: its nights, rounded once; a cap or a subsidy where the amount is less than that."""
        whole = rounded(kind, parts, self.terms.denominator, self.terms.rounding)
        if whole.value == value:
            return whole
        if kind == "interest":
            return less("interest.subsidised", whole, given("subsidy", whole.value - value))
        cap = rounded("cap", tuple(self.caps[no]), CAP_DENOMINATOR, "down")
        return least(f"{kind}.capped", whole, given("cap.left", value), cap if cap.value >= value else whole)

    def told(self, state: State, row: Instalment) -> RowExplained:
        """Raises ValueError if the notes do not add up to what the state says: an error of ours."""
        kinds = {}
        for kind in self.runs:
            accrual: Accrual = getattr(row, kind)
            run = self.runs[kind].get(row.no, _Run((), ()))
            parts = run.ended
            if accrual.run_minor or run.charged:
                parts = (*parts, self._run(kind, row.no, run.charged, accrual.run_minor))
            kinds[kind] = parts
            if sum(part.value for part in parts) != accrual.charged_minor:
                raise ValueError(f"{kind} of row {row.no} is not explained: {accrual.charged_minor}")
        return RowExplained(
            instalment_no=row.no,
            principal=_principal(self.terms, state, row),
            interest=total("charged.interest", *kinds["interest"], *kinds["late"]),
            fee=_fee(self.terms, state, row),
            penalty=total("charged.penalty", *kinds["penalty"]),
        )


def explain(terms: Terms, events: Iterable[Event], as_of: date) -> tuple[RowExplained, ...]:
    """Every row's charged amounts at `as_of`. Raises ValueError before the first event."""
    trace = Trace(terms)
    state: State | None = None
    for step in timeline(terms, events, as_of):
        trace.walk(step)
        state = step.after
    if state is None:
        return ()
    return tuple(trace.told(state, row) for row in state.instalments)


def _principal(terms: Terms, state: State, row: Instalment) -> Derivation:
    """Equal instalments: the payment less its interest; else what the plan shares out."""
    capture = capture_of(state, row.capture_no)
    form = capture.form or terms.form
    payment = given("payment.level", capture.payment_minor)
    charged = given("charged.interest", row.interest.charged_minor)
    if form == "equal_instalment" and payment.value - charged.value == row.principal_minor:
        return less("principal.level", payment, charged)
    return given(f"principal.{form}", row.principal_minor, financed_minor=capture.amount_minor)


def _fee(terms: Terms, state: State, row: Instalment) -> Derivation:
    """The fees that the rules know; what a minimum charge, a prepayment or an explicit charge added is
    given.
    """
    parts: list[Derivation] = []
    capture = capture_of(state, row.capture_no)
    financed_minor = capture.amount_minor - (capture.refunded_minor if terms.refund_fees else 0)
    buyers = drawdown_fee(terms, financed_minor)[0]
    if row.no % CAPTURE_STRIDE == 1 and 0 < buyers <= row.fee_minor and not row.subsidised.fee:
        rate, on = billionths(terms.drawdown_fee_rate), capture.captured_on
        whole = rounded(
            "fee.rate", (product("fee.base", financed_minor, rate, 1, (on, on)),), RATE_SCALE, terms.rounding
        )
        both = total("fee.drawdown", whole, given("fee.fixed", terms.drawdown_fee_minor))
        merchants = both.value - buyers
        parts.append(less("fee.buyers_share", both, given("fee.merchants_share", merchants)))
    rest = row.fee_minor - sum(part.value for part in parts)
    if rest:
        kind = "explicit" if row.is_charge else terms.form if terms.form == "flat_fee" else "other"
        parts.append(given(f"fee.{kind}", rest))
    return total("charged.fee", *parts)
