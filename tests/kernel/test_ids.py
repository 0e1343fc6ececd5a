"""Ids grow with time, go to the edge and back, and nothing else passes for one."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import InvalidId, decode, digest, encode, uuid7


def test_layout_is_rfc_9562() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= after


def test_ids_are_unlike_and_sorted_by_millisecond() -> None:
    made = [uuid7() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


def test_worked_numbers() -> None:
    assert encode("drw", UUID(int=0)) == "drw_00000000000000000000000000"
    assert encode("drw", UUID(int=2**128 - 1)) == "drw_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    assert encode("buy", UUID(int=32)) == "buy_00000000000000000000000010"


@given(st.uuids())
def test_there_and_back(value: UUID) -> None:
    assert decode("drw", encode("drw", value)) == value
    assert decode("drw", "drw_" + encode("drw", value)[4:].lower()) == value


@given(st.tuples(st.uuids(), st.uuids()))
def test_text_sorts_as_the_uuid(pair: tuple[UUID, UUID]) -> None:
    one, other = pair
    assert (encode("x", one) < encode("x", other)) == (one < other)


def test_look_alikes_are_read() -> None:
    assert decode("drw", "drw_OOOOOOOOOOOOOOOOOOOOOOOOIl") == UUID(int=33)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "drw_",
        "00000000000000000000000000",
        "buy_00000000000000000000000000",
        "drw_0000000000000000000000000",
        "drw_000000000000000000000000000",
        "drw_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "drw_0000000000000000000000000U",
        "drw_0000000000000000000000000_",
        "drw_ 000000000000000000000000 ",
        "drw_+0000000000000000000000000",
        "drw_0000000000000000000000000é",
        "drw_drw_00000000000000000000000",
    ],
)
def test_nothing_else_is_an_id(text: str) -> None:
    with pytest.raises(InvalidId):
        decode("drw", text)


def test_digest_keeps_parts_apart() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"ab") == digest(b"ab")
    assert digest() == UUID("e3b0c442-98fc-1c14-9afb-f4c8996fb924")  # the first half of SHA-256 of nothing


def test_ids_of_one_process_come_in_order() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_order_survives_a_clock_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    monkeypatch.setattr("kernel.clock.real_milliseconds", lambda: 0)
    after = uuid7()
    assert before < after
    assert after.version == 7
