"""A part that came back from a dispute is a debt with a date of its own: no new plan moves principal
into it.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing.rules.events import Disputed, DisputeResolved, Event, Received, Refunded
from billing.rules.replay import replay
from products.rules.terms import Terms
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import DAY_0, day, drawn

PLAIN: dict[str, Any] = {"term_days": 30, "free_days": 0, "refund_method": "from_refund", "dispute_days": 30}
LEVEL: dict[str, Any] = {
    **PLAIN, "due_rule": "periods", "form": "equal_instalment", "instalments": 3,
    "prepayment": "lower_payment", "refund_order": "pro_rata",
}  # fmt: skip


def rows(terms: Terms, *later: Event) -> list[tuple[int, int, int]]:
    """Number, days to the due date and open principal after 300.00 of 1,000.00 were disputed on day 4, lost
    on day 9.
    """
    tale = drawn(1_000_00).events
    lost: tuple[Event, ...] = (
        Disputed(seq=3, effective_on=day(4), dispute_id=UUID(int=7), capture_no=1, amount_minor=300_00),
        DisputeResolved(seq=4, effective_on=day(9), dispute_id=UUID(int=7), verdict="lost"),
    )
    state = replay(terms, (*tale, *lost, *later), day(11))
    return [(row.no, (row.due_on - DAY_0) // timedelta(1), row.open_minor) for row in state.instalments]


def test_lost_it_is_due_after_the_verdict() -> None:
    assert rows(a_terms(**PLAIN)) == [(1, 30, 700_00), (101, 39, 300_00)]


@pytest.mark.parametrize(
    ("amount_minor", "left"), [(100_00, (600_00, 300_00)), (700_00, (0, 300_00)), (800_00, (0, 200_00))]
)
def test_goods_that_come_back_leave_the_plan_first(amount_minor: int, left: tuple[int, int]) -> None:
    refund = Refunded(
        seq=5, effective_on=day(11), refund_id=UUID(int=8), capture_no=1, amount_minor=amount_minor,
        method="from_refund",
    )  # fmt: skip
    told = rows(a_terms(**PLAIN), refund)
    assert [open_minor for _, _, open_minor in told] == list(left)
    assert [due for _, due, _ in told] == [30, 39]


@pytest.mark.parametrize(
    ("amount_minor", "left"), [(100_00, (600_00, 300_00)), (700_00, (0, 300_00)), (800_00, (0, 200_00))]
)
def test_money_in_advance_pays_the_plan_first(amount_minor: int, left: tuple[int, int]) -> None:
    """Of 0 % interest, so that all of it is principal."""
    paid = Received(
        seq=5, effective_on=day(11), receipt_id=UUID(int=8), amount_minor=amount_minor, advance=True
    )
    told = rows(a_terms(**PLAIN, daily_rate=Decimal(0)), paid)
    assert [open_minor for _, _, open_minor in told] == list(left)


def test_a_level_payment_is_solved_over_the_plan_alone() -> None:
    """90.00 in advance: the plan's three instalments shrink alike, the part stays as it was."""
    free = a_terms(**LEVEL, daily_rate=Decimal(0))
    before = rows(free)
    part = [row for row in before if row[0] > 100]
    paid = Received(seq=5, effective_on=day(11), receipt_id=UUID(int=8), amount_minor=90_00, advance=True)
    after = rows(free, paid)
    assert [row for row in after if row[0] > 100] == part
    assert [b[2] - a[2] for a, b in zip(after, before, strict=True) if b[0] < 100] == [30_00, 30_00, 30_00]
