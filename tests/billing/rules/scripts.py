"""Random terms, random stories of one drawdown, and a book that plays them through the real decisions.

A step names what someone wants to do; the book asks the engine and, unless that refuses, keeps what comes of
it: events, state, and every posting, charge and allocation folded as the database would.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from billing.rules import decide, decide_after_sale, decide_receipt
from billing.rules.accounts import Parties, Posting
from billing.rules.allocation import claims
from billing.rules.decision import Drawdown, Moved, Refusal, Settlement
from billing.rules.dispute import disputable_minor
from billing.rules.events import Event, ReversalReason, decode_event, encode_event
from billing.rules.moves import advance_to, needs_events
from billing.rules.replay import replay
from billing.rules.state import Move
from billing.rules.values import State, decode_state, encode_state
from kernel.money import round_ratio
from products.rules.terms import COMPONENTS, Terms

FIRST_DAY = date(2028, 2, 1)
LENDER, TENANT, BUYER, MERCHANT = (UUID(int=number) for number in range(1, 5))


def a_terms(**changes: object) -> Terms:
    """DOMAIN.md §7, example 1, with two books."""
    settings: dict[str, object] = {
        "product_id": UUID(int=9),
        "product_version": 1,
        "currency": "CNY",
        "lender_book": LENDER,
        "tenant_book": TENANT,
        "term_days": 60,
        "free_days": 40,
        "daily_rate": Decimal("0.0005"),
        "grace_days": 3,
        "penalty_daily_rate": Decimal("0.0006"),
        "merchant_fee_rate": Decimal("0.01"),
    }
    return Terms(**(settings | changes))  # type: ignore[arg-type]


def rates(highest_billionths: int) -> st.SearchStrategy[Decimal]:
    """Mostly rates at which something is charged: small ones alone would round every story to nothing."""
    high = st.sampled_from([500_000, 1_234_567, highest_billionths])
    return st.one_of(high, high, st.integers(0, highest_billionths)).map(lambda n: Decimal(n).scaleb(-9))


any_terms = st.builds(
    a_terms,
    term_days=st.integers(1, 20),
    free_days=st.sampled_from([0, 0, 1, 5, 20]),
    daily_rate=rates(9_000_000),
    grace_days=st.integers(0, 5),
    min_notice_days=st.sampled_from([0, 0, 2, 9, 20]),
    penalty_daily_rate=rates(9_000_000),
    penalty_base=st.sampled_from(["overdue_principal", "overdue_total"]),
    penalty_start=st.sampled_from(["due_date", "grace_end"]),
    allocation_order=st.permutations(COMPONENTS).map(tuple),
    surplus=st.sampled_from(["credit", "credit", "prepay"]),
    early_payment=st.sampled_from(["allowed", "allowed", "refused"]),
    refund_method=st.sampled_from(["from_capture", "from_refund"]),
    merchant_fee_rate=rates(90_000_000),
    merchant_fee_returns=st.booleans(),
    authorisation_days=st.sampled_from([1, 6, 15, 30]),
    partial_capture=st.sampled_from([True, True, True, True, False]),
    capture_backdating_days=st.sampled_from([0, 7, 12, 12]),
    rounding=st.sampled_from(["half_up", "half_even"]),
    dispute_days=st.sampled_from([0, 3, 15]),
    tenant_book=st.sampled_from([TENANT, LENDER]),
)


class Step(NamedTuple):
    """`gap` days later someone wants `what`, of `percent` of what there is, counting `back` days earlier."""

    gap: int
    what: str
    percent: int
    back: int
    flag: bool
    pick: int


def steps(*what: str) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        gap=st.sampled_from([0, 1, 2, 3, 5, 8, 13]),
        what=st.sampled_from(what),
        percent=st.sampled_from([3, 20, 50, 70, 97, 100, 100, 130]),
        back=st.sampled_from([0, 0, 0, 1, 4, 11]),
        flag=st.booleans(),
        pick=st.integers(0, 5),
    )


any_step = steps(
    "capture", *["receive"] * 4, "refund", "refund", "bounce", "mistake", "mistake", "void", "dispute",
    "dispute", "resolve", "resolve",
)  # fmt: skip
first_step = steps("capture").map(lambda step: step._replace(gap=0, back=0))
any_story = st.builds(
    lambda first, others: [first, *others], first_step, st.lists(any_step, min_size=4, max_size=12)
)


class Book:
    """One drawdown and all that was ever posted for it. `day_ends`: time is also booked between the steps."""

    def __init__(self, terms: Terms, amount_minor: int, *, day_ends: bool) -> None:
        self.terms, self.day_ends, self.today = terms, day_ends, FIRST_DAY
        self.parties = Parties(
            buyer=BUYER, merchant=MERCHANT, lender_book=terms.lender_book, tenant_book=terms.tenant_book
        )
        self.balances: Counter[str] = Counter()
        self.charged: Counter[tuple[int, str]] = Counter()
        self.allocated: Counter[tuple[UUID, int, str]] = Counter()
        self.line: Counter[str] = Counter()
        self.credit = 0
        self.gave_back = False
        self.outcomes: list[object] = []
        self.events: tuple[Event, ...] = ()
        first = decide.authorise("d", terms, amount_minor=amount_minor, today=FIRST_DAY)
        assert isinstance(first, Moved)
        self._keep(first)

    @property
    def drawdown(self) -> Drawdown[str]:
        return Drawdown(key="d", terms=self.terms, parties=self.parties, state=self.state, events=self.events)

    def without_events(self, kind: Move, on: date, reason: ReversalReason | None = None) -> Drawdown[str]:
        """As a use case would load it: the events only where the engine says that it needs them."""
        needed = needs_events(self.terms, self.state, kind, on=on, today=self.today, reason=reason)
        return Drawdown(
            key="d",
            terms=self.terms,
            parties=self.parties,
            state=self.state,
            events=self.events if needed else None,
        )

    def play(self, story: list[Step]) -> "Book":
        for step in story:
            for _ in range(step.gap):
                self.today += timedelta(1)
                if self.day_ends:
                    self._keep(advance_to(self.drawdown, self.today))
            getattr(self, "_" + step.what)(step, self.today - timedelta(step.back))
        return self

    def rest(self, days: int) -> "Book":
        """Let time pass until nothing more is posted."""
        self.today += timedelta(days)
        self._keep(advance_to(self.drawdown, self.today))
        return self

    def _capture(self, step: Step, on: date) -> None:
        amount = None if step.flag else max(1, self.state.authorised_minor * step.percent // 100)
        self._outcome(
            decide.capture(self.without_events("capture", on), amount_minor=amount, on=on, today=self.today)
        )

    def _void(self, step: Step, on: date) -> None:
        amount = None if step.flag else max(1, self.state.authorised_minor * step.percent // 200)
        self._outcome(
            decide.void(self.without_events("void", self.today), amount_minor=amount, today=self.today)
        )

    def _refund(self, step: Step, on: date) -> None:
        captures = self.state.captures
        if not captures:
            return
        capture = captures[step.pick % len(captures)]
        left = capture.amount_minor - capture.refunded_minor
        self._outcome(
            decide.refund(
                self.without_events("refund", on),
                refund_id=UUID(int=100 + len(self.events)),
                capture_no=capture.no,
                amount_minor=max(1, left * step.percent // 100),
                on=on,
                today=self.today,
            )
        )

    def _dispute(self, step: Step, on: date) -> None:
        captures = self.state.captures
        if not captures:
            return
        capture_no = captures[step.pick % len(captures)].no
        now = replay(self.terms, self.events, self.today)
        self._outcome(
            decide_after_sale.open_dispute(
                self.without_events("dispute", on),
                dispute_id=UUID(int=200 + len(self.events)),
                capture_no=capture_no,
                amount_minor=max(1, disputable_minor(now, capture_no) * step.percent // 100),
                on=on,
                today=self.today,
            )
        )

    def _resolve(self, step: Step, on: date) -> None:
        disputes = self.state.disputes
        if not disputes:
            return
        self._outcome(
            decide_after_sale.resolve_dispute(
                self.without_events("resolve_dispute", self.today),
                dispute_id=disputes[step.pick % len(disputes)].dispute_id,
                verdict="lost" if step.flag else "won",
                today=self.today,
            )
        )

    def _receive(self, step: Step, on: date) -> None:
        now = replay(self.terms, self.events, self.today)
        owed = sum(claim.amount_minor for claim in claims(self.terms, now, advance=True))
        self._outcome(
            decide_receipt.receive(
                [self.without_events("receive", on)],
                parties=self.parties,
                receipt_id=UUID(int=1000 + len(self.events)),
                amount_minor=max(1, owed * step.percent // 100),
                on=on,
                today=self.today,
                advance=step.pick > 2,
                named="d" if step.pick == 0 else None,
                source="credit" if step.pick == 1 else "cash",
            )
        )

    def _bounce(self, step: Step, on: date) -> None:
        self._reverse(step, on, "bounced")

    def _mistake(self, step: Step, on: date) -> None:
        self._reverse(step, on, "our_mistake")

    def _reverse(self, step: Step, on: date, reason: ReversalReason) -> None:
        receipts = self.state.receipts
        if not receipts:
            return
        self._outcome(
            decide_receipt.reverse_receipt(
                [self.without_events("reverse_receipt", on, reason)],
                parties=self.parties,
                receipt_id=receipts[step.pick % len(receipts)].receipt_id,
                reason=reason,
                rest_minor=0,
                on=on,
                today=self.today,
            )
        )

    def _outcome(self, decided: Moved[str] | Settlement[str] | Refusal) -> None:
        if isinstance(decided, Refusal):
            self.outcomes.append(decided)
            return
        moves = (decided,) if isinstance(decided, Moved) else decided.moved
        if not isinstance(decided, Moved):
            self._post(decided.rest_postings)
            self.credit += decided.credit_minor - sum(move.credit_minor for move in moves)
        for move in moves:
            self.outcomes.append((len(self.events), move.line.need, move.after.status))
            self._keep(move)

    def _keep(self, move: Moved[str]) -> None:
        self.state: State = decode_state(encode_state(move.after))
        assert self.state == move.after
        self.events += tuple(decode_event(encode_event(event)) for event in move.events)
        assert self.events[len(self.events) - len(move.events) :] == move.events
        self.line.update(held=move.line.held, outstanding=move.line.outstanding)
        self.credit += move.credit_minor
        for journal in move.journals:
            self._post(journal.postings)
            for charge in journal.charges:
                rounded = round_ratio(charge.numerator, charge.denominator, self.terms.rounding)
                expected = charge.earlier_minor + rounded - charge.charged_before_minor
                assert charge.amount_minor == expected != 0
                self.gave_back |= charge.amount_minor < 0
                self.charged[charge.instalment_no, charge.kind] += charge.amount_minor
            for part in journal.allocations:
                self.allocated[part.receipt_id, part.instalment_no, part.component] += part.amount_minor

    def _post(self, postings: tuple[Posting, ...]) -> None:
        for posting in postings:
            assert posting.amount_minor > 0
            self.balances[f"{posting.book.int}:{posting.debit_account}"] += posting.amount_minor
            self.balances[f"{posting.book.int}:{posting.credit_account}"] -= posting.amount_minor


any_amount = st.one_of(st.sampled_from([1_000_00, 33_333_33]), st.integers(1, 400), st.integers(1, 2_000_000))
