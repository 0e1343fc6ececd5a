"""The documents to begin with are sound, and as different as the verticals they are for."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from kernel.errors import NotFound
from products.rules.product import Choice, Programme, resolve, validate
from products.rules.terms import Terms
from products.templates import Template, template, templates

PROGRAMME = Programme(currency="CNY", lender_book=UUID(int=2), tenant_book=UUID(int=3))
TODAY = date(2026, 11, 26)


def terms(found: Template, category: str | None = None) -> Terms:
    return resolve(
        found.document, product_id=UUID(int=1), product_version=1, programme=PROGRAMME, on=TODAY,
        choice=Choice(category=category),
    )  # fmt: skip


@pytest.mark.parametrize("found", templates(), ids=lambda found: found.code)
def test_sound(found: Template) -> None:
    assert validate(found.document, currency="CNY", on=TODAY) == []
    assert terms(found).law_row


def test_what_is_promised_in_words() -> None:
    assert [one.code for one in templates()] == ["four_lpr", "pet_supplies", "textiles"]
    textiles, pets, lpr = (template(code) for code in ("textiles", "pet_supplies", "four_lpr"))
    assert terms(textiles, category="fabric").term_days == 90
    assert terms(pets).interest_free == "until_due"
    assert str(terms(lpr).cap_annual_rate) == "0.1200"
    with pytest.raises(NotFound):
        template("shoes")
