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
    file.write_text(json.dumps({"terms": document, "events": events, "as_of": as_of}))
    return asked(str(file), "--explain")


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
    assert (told["days_past_due"], told["payoff"]["total_minor"]) == (days_past_due, total_minor)


def test_a_receipt_by_any_name_and_its_reversal(tmp_path: Path) -> None:
    paid = {"kind": "received", "effective_on": "2027-04-30", "receipt_id": "b-1", "amount_minor": 1_010_000}
    told = replayed(tmp_path, [*DRAWN, paid], "2027-05-02")
    assert (told["status"], told["payoff"]["total_minor"]) == ("closed", 0)
    bounced = {
        "kind": "receipt_reversed",
        "effective_on": "2027-05-01",
        "receipt_id": "b-1",
        "reason": "bounced",
    }
    told = replayed(tmp_path, [*DRAWN, paid, bounced], "2027-05-02")
    assert (told["status"], told["payoff"]["total_minor"]) == ("captured", 1_010_000)


def refused(*words: str, stdin: str | None = None) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["engine", *words], input=stdin)
    return answer.exit_code, answer.output


def test_tells_all_that_is_wrong_with_a_document() -> None:
    document = {"currency": "CNY", "due_dates": {"days": -1}, "price": {"daily_rate": "lots"}, "colour": 1}
    case = {"terms": document, "events": DRAWN, "as_of": "2027-03-01"}
    code, told = refused("-", stdin=json.dumps(case))
    assert code == 1
    for place in ("#/terms/due_dates/days", "#/terms/price/daily_rate", "#/terms/colour"):
        assert place in told


SHIPPED = {"kind": "captured", "on": "2027-03-01", "amount": "100.00"}


def case(*events: dict[str, Any], as_of: str = "2027-03-05", **more: Any) -> str:
    return json.dumps({"terms": SIXTY_DAYS, "events": list(events), "as_of": as_of} | more)


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (["missing.json"], None, 2, "missing.json: No such file"),
        (["-"], "{nope", 2, "is no JSON object or array"),
        (["-"], "3", 2, "is no JSON object or array"),
        (["-"], "{}", 1, "#/terms"),
        (["-"], case({"kind": "melted", "on": "2027-03-01"}), 1, "#/events/0/kind"),
        (["-"], case(), 1, "#/events: Send a list"),
        (["-"], case(SHIPPED, as_of="soon"), 1, "#/as_of: Send a date"),
        (["-"], case(SHIPPED, as_of="2027-02-01"), 1, "#/as_of: Nothing has happened"),
        (["-"], case({**SHIPPED, "amount": "1.001"}), 1, "#/events/0/amount"),
        (["-"], case({**SHIPPED, "amount": "much"}), 1, "#/events/0/amount"),
        (["-"], case({**SHIPPED, "on": "2027-02-30"}), 1, "#/events/0/on"),
        (["-"], case({**SHIPPED, "capture_no": "x"}), 1, "#/events/0"),
        (["-"], case({**SHIPPED, "colour": 1}), 1, "#/events/0/colour: There is no field of this name"),
        (
            ["-"],
            case(SHIPPED, {"kind": "received", "on": "2027-03-02", "amount": "100.00", "advance": True},
                 {"kind": "received", "on": "2027-03-03", "amount": "1.00"}),
            1, "#/events/2: It is closed now",
        ),
        (
            ["-"],
            case(SHIPPED, {"kind": "receipt_reversed", "on": "2027-03-03", "receipt_id": "r",
                           "reason": "our_mistake"}),
            1, "#/events/1: What the event says cannot have happened",
        ),
        (["-"], case(SHIPPED, choice={"instalments": 6}), 1, "#/instalments"),
        ([*QUOTE[:1], "--amount", "1.001", "--on", "2027-03-01"], None, 2, "finer than the minor unit"),
        ([*QUOTE[:1], "--amount", "-5", "--on", "2027-03-01"], None, 2, "no amount"),
        ([*QUOTE[:1], "--amount", "0", "--on", "2027-03-01"], None, 2, "nothing to quote"),
        ([*QUOTE[:1], "--amount", "5", "--on", "1 March"], None, 2, "no date"),
        ([*QUOTE[:1], "--on", "2027-03-01"], None, 2, "--amount 1288.00"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_line(words: list[str], stdin: str | None, code: int, says: str) -> None:
    ended, told = refused(*words, stdin=stdin)
    assert ended == code, told
    assert says in told
    assert "Traceback" not in told


def test_neither_web_nor_database_is_loaded() -> None:
    told = loaded_by("engine", *QUOTE)
    assert "100.00 CNY" in told
    assert [name for name in heavy(told) if not name.startswith("rich")] == []


def test_a_case_needs_no_more_than_it_says(tmp_path: Path) -> None:
    """Amounts in the currency, days as `on`, no authorisation, no ids: a monthly loan."""
    terms = {
        "currency": "CNY",
        "due_dates": {"rule": "periods"},
        "repayment": {"form": "equal_instalment", "instalments": [12, 6]},
        "price": {"annual_rate": "0.18", "day_count": "30/360"},
    }
    file = tmp_path / "case.json"
    events = [{"kind": "captured", "on": "2027-01-01", "amount": 12000}]
    file.write_text(json.dumps({"terms": terms, "events": events, "as_of": "2027-01-01"}))
    told = asked(str(file))
    assert [row["interest_minor"] for row in told["schedule"]][:2] == [18_000, 16_620]
    assert {row["principal_minor"] + row["interest_minor"] for row in told["schedule"][:11]} == {110_016}
    assert told["schedule"][11]["outstanding_minor"] == 110_019
    assert sum(row["interest_minor"] for row in told["schedule"]) == 120_195


def test_an_array_is_answered_in_its_places(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(f"[{case(SHIPPED, name='good')}, {case(name='bad')}]")
    answer = CliRunner().invoke(app, ["engine", str(file), "--json"])
    good, bad = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert (good["name"], good["status"]) == ("good", "captured")
    assert (bad["name"], [one["code"] for one in bad["error"]]) == ("bad", ["not_a_list"])


def test_holidays_shift_what_is_due_and_never_the_interest(tmp_path: Path) -> None:
    """Captured 1 March 2027, 60 days: nominal 30 April, a Friday made a holiday; due Monday 3 May."""
    dates = {"days": 60, "shift": "following", "calendar": "weekends"}
    document = {**SIXTY_DAYS, "due_dates": dates}
    calendar = {"weekend": [6, 7], "holidays": ["2027-04-30"]}
    file = tmp_path / "case.json"
    whole = {"terms": document, "events": [SHIPPED], "as_of": "2027-03-01", "calendar": calendar}
    file.write_text(json.dumps(whole))
    (row,) = asked(str(file))["schedule"]
    assert (row["nominal_on"], row["due_on"], row["grace_on"]) == ("2027-04-30", "2027-05-03", "2027-05-06")
    assert row["interest_minor"] == 100


def test_what_moves_later_is_shifted_too(tmp_path: Path) -> None:
    """Nominal 30 April, extended on 2 March by 9 days: Sunday 9 May, so due on Monday the 10th."""
    dates = {"days": 60, "shift": "following", "calendar": "weekends"}
    later: dict[str, Any] = {"kind": "extended", "on": "2027-03-02", "days": 9}
    document = {**SIXTY_DAYS, "due_dates": dates}
    whole = {"terms": document, "events": [SHIPPED, later], "as_of": "2027-03-02"}
    file = tmp_path / "case.json"
    file.write_text(json.dumps(whole))
    told = asked(str(file))
    (row,) = told["schedule"]
    assert (row["nominal_on"], row["due_on"], row["grace_on"]) == ("2027-05-09", "2027-05-10", "2027-05-13")
    assert told["events"][-1]["dates"] == [["2027-05-09", "2027-05-10", "2027-05-13"]]
    file.write_text(json.dumps(whole | {"events": [SHIPPED, {**later, "from_no": 7}]}))
    assert "#/events/1: " in CliRunner().invoke(app, ["engine", str(file)]).output
