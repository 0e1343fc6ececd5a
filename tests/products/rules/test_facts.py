"""The registry of facts, the page that explains it and the columns that hold it tell the same."""

from pathlib import Path

import pytest

from products.rules.facts import FACTS, Fact
from products.tables import BuyerFacts

PAGE = (Path(__file__).parents[3] / "docs" / "buyer-facts.md").read_text("utf-8")
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}


def test_the_page_explains_every_fact_and_no_other() -> None:
    assert list(ROWS) == list(FACTS)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_the_page_says_what_the_registry_says(fact: Fact) -> None:
    null = f"{fact.null_en} ({fact.null_zh})" if fact.null_en else "never"
    window = f"{fact.window_days} days" if fact.window_days else "none"
    told = (fact.unit, window, fact.formula_en, fact.formula_zh, fact.source, null)
    assert ROWS[fact.name] == f"| `{fact.name}` | {' | '.join(told)} |"


def test_the_table_has_one_column_a_fact() -> None:
    columns = [column._meta.name for column in BuyerFacts._meta.columns]
    assert columns == ["tenant_id", "buyer_id", "currency", "as_of_on", "computed_at", *FACTS]


def test_a_name_tells_its_window_and_its_unit() -> None:
    for fact in FACTS.values():
        assert bool(fact.null_en) == bool(fact.null_zh)
        for unit in ("minor", "bp", "days"):
            assert fact.unit == unit or f"_{unit}" not in fact.name
