"""Log lines: one JSON object each, with the facts of the request, and no values of variables."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from kernel import log


@pytest.fixture
def as_json(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """JSON lines for one test; afterwards the process logs as it did."""
    kept, json_kept, root = log._logger, log._request_json, logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure("info", human=False)
    yield
    log._logger, log._request_json = kept, json_kept
    root.handlers[:], root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.usefixtures("as_json")
def test_each_line_carries_the_facts_known_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    with log.facts({"request_id": "req_1"}):
        log.get().info("first")
        log.note(tenant="t1")
        log.get().warning("second", n=2)
        log.request_line("GET", "/v1/things", 200, 1500)
    log.note(tenant="nobody listens")
    log.get().info("third")
    first, second, request, third = lines(capsys)
    assert (first["event"], first["level"], first["request_id"]) == ("first", "info", "req_1")
    assert "tenant" not in first
    assert (second["tenant"], second["n"], second["level"]) == ("t1", 2, "warning")
    assert {name: request[name] for name in ("event", "method", "route", "status", "ms", "tenant")} == {
        "event": "request",
        "method": "GET",
        "route": "/v1/things",
        "status": 200,
        "ms": 1.5,
        "tenant": "t1",
    }
    assert third.keys() == {"event", "level", "timestamp"}


@pytest.mark.usefixtures("as_json")
def test_a_traceback_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "sk_live_secret"

    def fall(key: str) -> None:
        raise RuntimeError("no such luck")

    try:
        fall(secret)
    except RuntimeError as fault:
        log.get().error("fell", exc_info=fault)
    (line,) = lines(capsys)
    assert "RuntimeError: no such luck" in line["exception"]
    assert "in fall" in line["exception"]
    assert secret not in json.dumps(line)


@pytest.mark.usefixtures("as_json")
def test_lines_of_other_libraries_pass_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    with log.facts({"request_id": "req_1"}):
        logging.getLogger("asyncio").warning("slow %s", "callback")
        logging.getLogger("uvicorn.error").info("chatter")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["request_id"]) == ("slow callback", "warning", "req_1")


@pytest.mark.usefixtures("as_json")
def test_quieter_levels_leave_lines_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("warning", human=False)
    log.get().info("not told")
    log.request_line("GET", "/", 200, 1)
    log.get().error("told", odd=object)
    (line,) = lines(capsys)
    assert (line["event"], line["odd"]) == ("told", "<class 'object'>")


def test_people_read_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with log.facts({"request_id": "req_1"}):
        log.request_line("GET", "/v1/things", 200, 1500)
    text = capsys.readouterr().err
    assert "request_id=req_1" in text
    assert "ms=1.5" in text
