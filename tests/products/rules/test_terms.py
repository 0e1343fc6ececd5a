"""Frozen terms: equal terms have one spelling and one id."""

from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from products.rules.terms import Terms, billionths, canonical, decode_terms, plain, terms_id

TERMS = Terms(
    product_id=UUID(int=1),
    product_version=3,
    currency="CNY",
    lender_book=UUID(int=2),
    tenant_book=UUID(int=3),
    term_days=60,
    free_days=40,
    daily_rate=Decimal("0.0005"),
)


def test_canonical_form_is_sorted_and_plain() -> None:
    text = canonical(TERMS).decode()
    fields = msgspec.json.decode(text)
    assert list(fields) == sorted(fields)
    assert " " not in text
    assert fields["daily_rate"] == "0.0005"
    assert set(fields) == set(Terms.__struct_fields__)


def test_the_id_is_the_hash_of_the_canonical_form() -> None:
    assert terms_id(TERMS).bytes == sha256(canonical(TERMS)).digest()[:16]


@pytest.mark.parametrize("spelling", ["0.00050", "5E-4", "0.000500000"])
def test_equal_rates_give_equal_ids(spelling: str) -> None:
    other = replace(TERMS, daily_rate=Decimal(spelling))
    assert canonical(other) == canonical(TERMS)
    assert terms_id(other) == terms_id(TERMS)


def test_other_terms_have_another_id() -> None:
    changed: list[dict[str, object]] = [
        {"daily_rate": Decimal("0.0006")},
        {"free_days": 41},
        {"allocation_order": ("principal", "penalty", "fee", "interest")},
        {"tenant_book": UUID(int=2)},
    ]
    ids = {terms_id(TERMS)} | {terms_id(replace(TERMS, **change)) for change in changed}
    assert len(ids) == 5


def test_what_was_written_is_read() -> None:
    terms = replace(TERMS, drawdown_maximum_minor=10**12, rounding="half_even", partial_capture=False)
    assert decode_terms(canonical(terms)) == terms


@pytest.mark.parametrize("document", [b"{}", b"[]", b'{"currency":"CNY"}'])
def test_anything_else_is_not_read(document: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_terms(document)


def test_billionths() -> None:
    assert billionths(Decimal("0.0005")) == 500_000
    assert billionths(Decimal("0.000000001")) == 1
    assert billionths(Decimal(0)) == 0


@pytest.mark.parametrize("rate", ["0.0000000001", "NaN", "Infinity"])
def test_what_is_no_rate(rate: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        billionths(Decimal(rate))


def test_plain() -> None:
    spelled = [plain(Decimal(text)) for text in ("0.10", "1E-9", "0", "0E-9", "20")]
    assert spelled == ["0.1", "0.000000001", "0", "0", "20"]
