"""An API key has 256 random bits, tells its kind and its mode, and knows when it is mistyped."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.context import Mode
from tenants.rules import keys
from tenants.rules.keys import key_hash, key_hint, new_key


@pytest.mark.parametrize(
    ("mode", "restricted", "head"),
    [
        ("live", False, "sk_live_"),
        ("test", False, "sk_test_"),
        ("live", True, "rk_live_"),
        ("test", True, "rk_test_"),
    ],
)
def test_it_tells_kind_and_mode(mode: Mode, restricted: bool, head: str) -> None:
    key = new_key(mode, 7, restricted=restricted)
    assert key.startswith(head)
    assert len(key) == 57
    assert key_hash(key) == hashlib.sha256(key.encode()).digest()


def test_all_bits_are_used() -> None:
    assert len({new_key("live", 1 << bit, restricted=False) for bit in range(256)}) == 256
    assert 62**42 < 2**256 <= 62**43


@given(st.integers(0, 2**256 - 1), st.integers(8, 56), st.sampled_from(keys._DIGITS))
def test_one_wrong_digit_is_seen(bits: int, position: int, digit: str) -> None:
    key = new_key("test", bits, restricted=False)
    wrong = key[:position] + digit + key[position + 1 :]
    assert (key_hash(wrong) is None) == (wrong != key)


@pytest.mark.parametrize(
    "text", ["", "sk_live_", "pk_live_" + "0" * 49, "sk_prod_" + "0" * 49, "sk_live_" + "0" * 48 + "é"]
)
def test_nothing_else_is_a_key(text: str) -> None:
    assert key_hash(text) is None


def test_the_hint_gives_nothing_away() -> None:
    key = new_key("live", 2**255, restricted=False)
    assert key_hint(key) == f"sk_live_…{key[-4:]}"
