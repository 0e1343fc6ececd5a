"""A mapping's problems are told all at once, each at its place."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.errors import Invalid
from tenants.rules.mapping import bind, read_mapping
from tests.support.import_files import ORDERS

FIELDS: dict[str, Any] = ORDERS["fields"]


def wrong(given: object) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        read_mapping(given)
    return {(one.pointer, one.code) for one in refused.value.errors}


def test_a_sound_one() -> None:
    mapping = read_mapping(ORDERS)
    assert mapping.kind == "orders"
    assert set(mapping.columns()) == {"no", "shop", "at", "sku", "pieces", "price"}


def test_all_at_once() -> None:
    odd: dict[str, Any] = {"amount": {"column": "a"}, "sku": {"column": "a", "value": "b"}, "color": {}}
    told = wrong(
        {
            "kind": "orders",
            "fields": FIELDS | odd,
            "left_out": [{"name": "nothing", "column": "a"}],
            "delimitter": ";",
        }
    )
    assert told == {
        ("#/fields/unit_price", "amount_or_price"),
        ("#/fields/sku", "column_or_value"),
        ("#/fields/color", "unknown_key"),
        ("#/left_out/0", "leaves_nothing_out"),
        ("#/delimitter", "unknown_key"),
    }


@pytest.mark.parametrize("given", [None, [], "orders", 3, {"kind": "invoices"}, {"kind": ["orders"]}])
def test_what_is_no_mapping(given: object) -> None:
    assert wrong(given)


def test_what_a_kind_needs() -> None:
    assert ("#/fields/buyer", "required") in wrong({"kind": "orders", "fields": {}})
    assert ("#/returns", "not_of_this_kind") in wrong(
        {"kind": "buyers", "fields": {}, "returns": {"column": "a", "prefix": "C"}}
    )


def test_bound_to_the_columns_of_a_file() -> None:
    mapping = read_mapping(ORDERS)
    bind(mapping, ("no", "shop", "at", "sku", "pieces", "price", "more"))
    with pytest.raises(Invalid) as refused:
        bind(mapping, ("no", "shop", "at", "sku", "sku", "price"))
    assert {(one.pointer, one.code) for one in refused.value.errors} == {
        ("#/fields/quantity/column", "column_missing"),
        ("#/fields/sku/column", "column_twice"),
    }
