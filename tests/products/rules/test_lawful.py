"""What the law says to a product, on the day of the contract and by whom it binds."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Invalid
from products.rules.lawful import unlawful, yearly_flat_fee, yearly_rate
from products.rules.product import Choice, Programme, resolve, validate
from products.rules.terms import Terms

PROGRAMME = Programme(currency="CNY", lender_book=UUID(int=2), tenant_book=UUID(int=3))
PRIVATE = {"jurisdiction": "CN", "licence": "private"}


def sound(**changes: Any) -> dict[str, Any]:
    whole = {"currency": "CNY", "due_dates": {"days": 30}, "price": {"annual_rate": "0.12"}, "law": PRIVATE}
    return whole | changes


def resolved(document: dict[str, Any], on: str, **choice: Any) -> Terms:
    return resolve(
        document, product_id=UUID(int=1), product_version=1, programme=PROGRAMME,
        on=date.fromisoformat(on), choice=Choice(**choice),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"daily_rate": "0.0005"}, "0.1825"), ({"annual_rate": "0.18"}, "0.18"),
        ({"annual_rate": "0.18", "day_count": "actual/360"}, "0.1825"),
        ({"annual_rate": "0.18", "day_count": "30/360"}, "0.18"), ({}, "0"),
    ],
)  # fmt: skip
def test_a_rate_by_the_year(price: dict[str, Any], expected: str) -> None:
    assert yearly_rate({"price": price}) == Decimal(expected)


@pytest.mark.parametrize(
    ("dates", "price", "expected"),
    [
        ({"rule": "periods"}, {"period_fee_rate": "0.006"}, "0.072"),
        ({"rule": "periods", "period": {"length": 3}}, {"period_fee_rate": "0.006"}, "0.024"),
        ({"rule": "periods", "period": {"unit": "week"}}, {"period_fee_rate": "0.006"}, "0.312"),
        ({"rule": "periods"}, {"period_fee_rate": "0.006", "free_periods": 1}, "0"),
        ({"days": 30}, {"period_fee_rate": "0.006"}, "0"),
    ],
)
def test_flat_fees_by_the_year(dates: dict[str, Any], price: dict[str, Any], expected: str) -> None:
    assert yearly_flat_fee({"due_dates": dates, "price": price}) == Decimal(expected)


@pytest.mark.parametrize(
    ("document", "on", "expected"),
    [
        (sound(), None, None),
        (sound(price={"annual_rate": "0.154"}), None, None),
        (sound(price={"annual_rate": "0.155"}), None, ("#/price", "cap_exceeded")),
        (sound(), "2026-01-20", None),
        (sound(price={"annual_rate": "0.1201"}), "2026-01-20", ("#/price", "cap_exceeded")),
        (sound(price={"annual_rate": "0.1201"}), "2025-05-19", None),
        (sound(price={"annual_rate": "0.12", "day_count": "actual/360"}), "2026-01-20",
         ("#/price", "cap_exceeded")),
        (sound(price={"daily_rate": "0.0003"}), "2026-01-20", None),
        (sound(price={"daily_rate": "0.0004"}), "2026-01-20", ("#/price", "cap_exceeded")),
        (sound(), "2020-08-19", ("#/law/licence", "no_law_row")),
        (
            sound(
                price={"daily_rate": "0", "period_fee_rate": "0.011"},
                repayment={"form": "flat_fee", "instalments": 12}, due_dates={"rule": "periods"},
            ),
            "2026-01-20", ("#/price/period_fee_rate", "cap_exceeded"),
        ),
        (sound(law={"jurisdiction": "GB", "licence": "example"}, price={"annual_rate": "0.9"}),
         "2026-01-20", None),
    ],
)  # fmt: skip
def test_by_the_row_of_the_day(document: Any, on: str | None, expected: tuple[str, str] | None) -> None:
    found = validate(document, on=None if on is None else date.fromisoformat(on))
    assert [(one.pointer, one.code) for one in found] == ([] if expected is None else [expected])


def test_a_contract_takes_the_row_and_the_cap_of_its_day() -> None:
    terms = resolved(sound(), "2024-07-22")
    assert (terms.law_row, terms.cap_measure) == ("cn-private-4lpr", "irr_simple")
    assert terms.cap_annual_rate == Decimal("0.134")
    assert resolved(sound(), "2026-01-20").cap_annual_rate == Decimal("0.12")
    england = resolved(sound(law={"jurisdiction": "GB", "licence": "example"}), "2026-01-20")
    assert (england.law_row, england.cap_annual_rate) == ("gb-example", None)
    without = sound()
    del without["law"]
    assert (resolved(without, "2026-01-20").law_row, resolved(without, "2026-01-20").cap_annual_rate) == (
        "",
        None,
    )


def test_a_published_product_above_a_lowered_cap_is_refused_at_authorisation() -> None:
    document = sound(price={"annual_rate": "0.13"})
    assert resolved(document, "2024-10-20").annual_rate == Decimal("0.13")
    with pytest.raises(Invalid) as told:
        resolved(document, "2024-10-21")
    (found,) = told.value.errors
    assert (found.pointer, found.code) == ("#/terms/price", "cap_exceeded")
    assert found.params == {"cap": "0.1240", "rule": "cn-private-4lpr"}


def test_penalty_on_interest_where_the_row_forbids_it() -> None:
    document = sound(
        law={"jurisdiction": "example", "licence": "example"}, past_due={"penalty_base": "overdue_total"}
    )
    (found,) = unlawful(document, "#")
    assert (found.pointer, found.code) == ("#/past_due/penalty_base", "no_interest_on_interest")


@pytest.mark.parametrize(
    ("dates", "party", "on", "refused"),
    [
        ({"days": 60}, "large_company", "2027-01-01", False),
        ({"days": 61}, "large_company", "2027-01-01", True),
        ({"days": 61}, "large_company", "2025-05-31", False),
        ({"days": 61}, "company", "2027-01-01", False),
        # authorised for 30 days: longest if captured on the first of a month, 30 or 31 days before its end
        ({"rule": "end_of_month", "days": 30}, "large_company", "2027-01-01", False),
        ({"rule": "end_of_month", "days": 31}, "large_company", "2027-01-02", False),
        ({"rule": "end_of_month", "days": 31}, "large_company", "2027-02-10", True),
    ],
)
def test_a_term_cap_holds_on_every_day_of_the_authorisation(
    dates: dict[str, Any], party: str, on: str, refused: bool
) -> None:
    document = sound(due_dates=dates, law={"jurisdiction": "example", "licence": "example"})
    if not refused:
        assert resolved(document, on, party=party).law_row.startswith("example-30")
        return
    with pytest.raises(Invalid) as told:
        resolved(document, on, party=party)
    assert [(one.pointer, one.code) for one in told.value.errors] == [
        ("#/terms/due_dates", "term_exceeds_cap")
    ]
