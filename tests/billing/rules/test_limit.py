"""Every decision on every line: what the table allows, and what each makes of it."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.decision import Refusal
from billing.rules.limit import Kind, Limit, LineStatus, decide_limit

KINDS: tuple[Kind, ...] = get_args(Kind)
STATUSES: tuple[LineStatus | None, ...] = (None, *get_args(LineStatus))
AFTER = {
    (None, "grant"): Limit(70, "active"),
    ("active", "raise"): Limit(70, "active"),
    ("frozen", "raise"): Limit(70, "frozen"),
    ("active", "cut"): Limit(30, "active"),
    ("frozen", "cut"): Limit(30, "frozen"),
    ("active", "freeze"): Limit(50, "frozen"),
    ("frozen", "unfreeze"): Limit(50, "active"),
    ("active", "close"): Limit(50, "closed"),
    ("frozen", "close"): Limit(50, "closed"),
}
"""All that is allowed of a limit of 50: raised to 70, cut to 30."""
WANTED = {"grant": 70, "raise": 70, "cut": 30}


@pytest.mark.parametrize(("status", "kind"), list(product(STATUSES, KINDS)))
def test_every_pair(status: LineStatus | None, kind: Kind) -> None:
    now = Limit(50, status) if status else None
    after = decide_limit(kind, now, WANTED.get(kind))
    if (status, kind) in AFTER:
        assert after == AFTER[status, kind]
    else:
        assert isinstance(after, Refusal)
        expected = "line_exists" if kind == "grant" else "no_line" if now is None else "wrong_state"
        assert after.code == expected


@pytest.mark.parametrize(
    ("kind", "limit", "code"),
    [
        ("raise", 50, "not_a_raise"),
        ("raise", 49, "not_a_raise"),
        ("raise", None, "limit_needed"),
        ("cut", 50, "not_a_cut"),
        ("cut", 51, "not_a_cut"),
        ("cut", -1, "limit_needed"),
        ("freeze", 50, "limit_not_wanted"),
        ("close", 0, "limit_not_wanted"),
    ],
)
def test_the_wrong_limit(kind: Kind, limit: int | None, code: str) -> None:
    refused = decide_limit(kind, Limit(50, "active"), limit)
    assert isinstance(refused, Refusal)
    assert refused.code == code


@pytest.mark.parametrize("limit", [None, 0, -1])
def test_a_grant_of_nothing(limit: int | None) -> None:
    assert decide_limit("grant", None, limit) == Refusal("limit_needed")


def test_a_line_may_be_cut_to_nothing_and_raised_again() -> None:
    assert decide_limit("cut", Limit(50, "active"), 0) == Limit(0, "active")
    assert decide_limit("raise", Limit(0, "active"), 1) == Limit(1, "active")


@given(
    st.sampled_from(KINDS),
    st.none() | st.builds(Limit, st.integers(0, 100), st.sampled_from(get_args(LineStatus))),
    st.none() | st.integers(-10, 110),
)
def test_closed_is_closed_and_no_limit_is_below_zero(
    kind: Kind, now: Limit | None, limit: int | None
) -> None:
    after = decide_limit(kind, now, limit)
    if isinstance(after, Limit):
        assert after.limit_minor >= 0
        assert now is None or now.status != "closed"
        assert (now is None) == (kind == "grant")
