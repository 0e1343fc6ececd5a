"""The engine on the command line: DOMAIN §7 to the cent, without web or database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.root import app
from tests.app.cli.test_help import heavy, loaded_by

SIXTY_DAYS = {
    "currency": "CNY",
    "due_dates": {"days": 60},
    "price": {"daily_rate": "0.0005", "interest_free": {"days": 40}},
    "past_due": {"grace_days": 3, "penalty_daily_rate": "0.0006"},
}
DRAWN = [
    {
        "kind": "authorised",
        "effective_on": "2027-03-01",
        "amount_minor": 1_000_000,
        "expires_on": "2027-03-31",
    },
    {
        "kind": "captured",
        "effective_on": "2027-03-01",
        "capture_no": 1,
        "amount_minor": 1_000_000,
        "booked_on": "2027-03-01",
    },
]
QUOTE = ["quote", "--amount", "10000.00", "--free-days", "40", "--daily-rate", "0.0005", "--on", "2027-03-01"]


def asked(*words: str) -> Any:
    answer = CliRunner().invoke(app, ["engine", *words, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def replayed(folder: Path, events: list[dict[str, Any]], as_of: str, document: object = SIXTY_DAYS) -> Any:
    file = folder / "drawdown.json"
    file.write_text(json.dumps({"document": document, "events": events}))
    return asked("replay", str(file), "--as-of", as_of)


def test_example_1_quoted() -> None:
    told = asked(*QUOTE)
    assert (told["principal_minor"], told["total_cost_minor"]) == (1_000_000, 10_000)
    assert (told["irr_simple"][:6], told["irr_compound"][:6]) == ("0.0608", "0.0624")
    assert [row["due_on"] for row in told["schedule"]] == ["2027-04-30"]


def test_a_product_document_instead_of_options(tmp_path: Path) -> None:
    file = tmp_path / "product.json"
    file.write_text(json.dumps(SIXTY_DAYS))
    words = ["quote", "--amount-minor", "1000000", "--on", "2027-03-01", "--file", str(file)]
    assert asked(*words)["total_cost_minor"] == 10_000


@pytest.mark.parametrize(
    ("as_of", "days_past_due", "total_minor"),
    [("2027-04-09", 0, 1_000_000), ("2027-04-11", 0, 1_000_500), ("2027-05-05", 5, 1_013_000)],
)
def test_example_1_replayed(tmp_path: Path, as_of: str, days_past_due: int, total_minor: int) -> None:
    told = replayed(tmp_path, DRAWN, as_of)
    assert (told["days_past_due"], told["payoff_total_minor"]) == (days_past_due, total_minor)


def test_a_receipt_by_any_name_and_its_reversal(tmp_path: Path) -> None:
    paid = {"kind": "received", "effective_on": "2027-04-30", "receipt_id": "b-1", "amount_minor": 1_010_000}
    told = replayed(tmp_path, [*DRAWN, paid], "2027-05-02")
    assert (told["drawdown"]["status"], told["payoff_total_minor"]) == ("closed", 0)
    bounced = {
        "kind": "receipt_reversed",
        "effective_on": "2027-05-01",
        "receipt_id": "b-1",
        "reason": "bounced",
    }
    told = replayed(tmp_path, [*DRAWN, paid, bounced], "2027-05-02")
    assert (told["drawdown"]["status"], told["payoff_total_minor"]) == ("captured", 1_010_000)


def refused(*words: str, stdin: str | None = None) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["engine", *words], input=stdin)
    return answer.exit_code, answer.output


def test_tells_all_that_is_wrong_with_a_document() -> None:
    document = {"currency": "CNY", "due_dates": {"days": 0}, "price": {"daily_rate": "lots"}, "colour": 1}
    code, told = refused(
        "replay", "-", "--as-of", "2027-03-01", stdin=json.dumps({"document": document, "events": DRAWN})
    )
    assert code == 1
    for place in ("#/due_dates/days", "#/price/daily_rate", "#/colour"):
        assert place in told


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (["replay", "missing.json", "--as-of", "2027-03-01"], None, 2, "missing.json: No such file"),
        (["replay", "-", "--as-of", "2027-03-01"], "{nope", 2, "is no JSON object"),
        (["replay", "-", "--as-of", "2027-03-01"], "[]", 2, "is no JSON object"),
        (
            ["replay", "-", "--as-of", "2027-03-01"],
            json.dumps({"document": SIXTY_DAYS, "events": [{"kind": "melted"}]}),
            2,
            "events:",
        ),
        (
            ["replay", "-", "--as-of", "2027-02-01"],
            json.dumps({"document": SIXTY_DAYS, "events": DRAWN}),
            1,
            "nothing has happened",
        ),
        ([*QUOTE[:1], "--amount", "1.001", "--on", "2027-03-01"], None, 2, "finer than the minor unit"),
        ([*QUOTE[:1], "--amount", "-5", "--on", "2027-03-01"], None, 2, "no amount"),
        ([*QUOTE[:1], "--amount", "0", "--on", "2027-03-01"], None, 2, "nothing to quote"),
        ([*QUOTE[:1], "--amount", "5", "--on", "1 March"], None, 2, "no date"),
        ([*QUOTE[:1], "--on", "2027-03-01"], None, 2, "--amount 1288.00"),
    ],
)
def test_bad_input_is_told_in_a_line(words: list[str], stdin: str | None, code: int, says: str) -> None:
    ended, told = refused(*words, stdin=stdin)
    assert ended == code, told
    assert says in told
    assert "Traceback" not in told


def test_neither_web_nor_database_is_loaded() -> None:
    told = loaded_by("engine", *QUOTE)
    assert "100.00 CNY" in told
    assert [name for name in heavy(told) if not name.startswith("rich")] == []
