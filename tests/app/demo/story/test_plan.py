"""The planned stories: the same every time, plausible, and with everything in them that there is to see."""

from __future__ import annotations

from collections import Counter

import pytest

from app.demo.story.plan import FIRST_DAY, LAST_DAY, VERTICALS, Plan, Vertical, plan
from products.rules.product import validate


@pytest.fixture(params=VERTICALS, ids=lambda vertical: vertical.platform.slug)
def vertical(request: pytest.FixtureRequest) -> Vertical:
    chosen: Vertical = request.param
    return chosen


@pytest.fixture
def story(vertical: Vertical) -> Plan:
    return plan(vertical)


def test_a_plan_is_the_same_every_time(vertical: Vertical, story: Plan) -> None:
    assert plan(vertical) == story


def test_everything_happens(story: Plan) -> None:
    moves = Counter(step.move for order in story.orders for step in order.steps)
    shares = Counter(payment.share for order in story.orders for payment in order.payments)
    kinds = {limit.kind for limit in story.limits}
    assert set(moves) == {"capture", "void", "refund"}
    assert set(shares) == {"whole", "half", "surplus", "bounce"}
    assert shares["bounce"] == 1
    assert kinds == {"grant", "raise", "cut", "freeze", "unfreeze"}
    assert any(len([step for step in order.steps if step.move == "capture"]) == 2 for order in story.orders)
    assert any(not order.steps for order in story.orders)


def test_nothing_happens_before_its_time(story: Plan) -> None:
    for order in story.orders:
        assert FIRST_DAY <= order.on <= LAST_DAY
        days = [order.on, *(step.on for step in order.steps), *(payment.on for payment in order.payments)]
        assert order.on < min(days[1:], default=LAST_DAY.max)
        captured = [step.on for step in order.steps if step.move == "capture"]
        assert not order.payments or min(payment.on for payment in order.payments) > min(captured)


def test_parts_are_less_than_the_order(story: Plan) -> None:
    for order in story.orders:
        parts = sum(step.amount_minor or 0 for step in order.steps if step.move == "capture")
        assert 0 <= parts < order.amount_minor


def test_references_are_single_and_buyers_say_that_they_are_simulated(
    vertical: Vertical, story: Plan
) -> None:
    assert len({order.ref for order in story.orders}) == len(story.orders)
    assert len(set(story.buyers)) == vertical.buyers
    assert all(name.endswith("（模拟）") for name in (*story.buyers, *vertical.platform.merchants))


def test_the_product_can_be_published(vertical: Vertical) -> None:
    assert validate(vertical.platform.document, currency=vertical.platform.currency) == []
