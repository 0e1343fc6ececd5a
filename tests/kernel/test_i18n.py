"""Words in two languages: which one, what fills them, and a check that misses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import i18n
from kernel.i18n import LOCALES, catalogue, negotiate, text
from scripts import i18n_check


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("ZH-tw", "zh-CN"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR, zh;q=0.3, en;q=0.2", "zh-CN"),
        ("en;q=0.2, zh;q=0.25", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("zh;q=0", "en"),
        ("*", "en"),
        ("de", "en"),
        ("zh;q=high, en;q=0.1", "en"),
        (";;;,,=", "en"),
        ("x" * 10_000 + ",zh", "en"),
    ],
)
def test_negotiate(header: str | None, locale: str) -> None:
    assert negotiate(header) == locale


def test_without_a_wish_the_default_holds() -> None:
    assert negotiate(None, "zh-CN") == negotiate("de", "zh-CN") == "zh-CN"


def test_parameters_fill_the_text() -> None:
    filled = text("en", "error.limit_exceeded.detail", available_minor=5, requested_minor=7)
    assert "5 minor" in filled
    assert "7 were" in filled
    assert "{available_minor}" in text("zh-CN", "error.limit_exceeded.detail", requested_minor=7)


def test_what_nobody_wrote_is_its_own_text() -> None:
    assert text("en", "error.no_such_code.title") == "error.no_such_code.title"
    assert text("fr", "error.not_found.title") == text("en", "error.not_found.title")


def test_a_parameter_is_no_template() -> None:
    assert "{permission.__class__}" in text(
        "en", "error.forbidden.detail", permission="{permission.__class__}"
    )


def test_all_is_there() -> None:
    assert list(i18n_check.faults()) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"error.not_found.title": None}, "zh-CN: error.not_found.title is missing"),
        ({"error.nobody.title": "x"}, "zh-CN: error.nobody.title is said by nobody"),
        ({"error.forbidden.detail": "nothing to fill"}, "error.forbidden.detail has other placeholders"),
        ({"error.wrong_length.detail": "{most}"}, "wrong_length does not fill most"),
    ],
)
def test_the_check_sees(monkeypatch: pytest.MonkeyPatch, change: dict[str, str | None], told: str) -> None:
    def changed(locale: str) -> dict[str, str]:
        words = dict(catalogue(locale))
        if locale == LOCALES[0]:
            for msgid, message in change.items():
                words.pop(msgid, None)
                if message is not None:
                    words[msgid] = message
        return words

    monkeypatch.setattr(i18n_check, "catalogue", changed)
    assert [fault for fault in i18n_check.faults() if told in fault]


def test_the_check_reads_codes_from_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rule.py"
    file.write_text(
        "FieldProblem(at, 'one', {'a': 1})\n"
        "Refusal('two' if early else 'three')\n"
        "def f(): return 'four', {'b': 2}\n"
        "FieldProblem(at, code)\nOther('five')\nx = ('not a code', {})\n"
    )
    monkeypatch.setattr(i18n_check, "ROOT", tmp_path)
    said = {(each.code, each.params) for each in i18n_check.literals(file)}
    assert said == {
        ("one", frozenset({"a"})),
        ("two", frozenset()),
        ("three", frozenset()),
        ("four", frozenset({"b"})),
    }


def test_both_files_are_read_whole() -> None:
    for locale in LOCALES:
        entries = (i18n.FOLDER / f"{locale.replace('-', '_')}.po").read_text("utf-8").count('\nmsgid "') - 1
        assert len(catalogue(locale)) == entries > 100
