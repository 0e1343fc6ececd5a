"""What a name, reference, address or free data may be, at each edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.errors import FieldProblem, Invalid
from tenants.rules import inputs

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def _code(problem: FieldProblem | None) -> str | None:
    return None if problem is None else problem.code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a", None),
        ("喵喵宠物店", None),
        ("x" * 200, None),
        ("", "wrong_length"),
        ("x" * 201, "wrong_length"),
        (" a", "wrong_form"),
        ("a\tb", "wrong_form"),
        ("a\x00b", "wrong_form"),
        ("a\u202eb", "wrong_form"),
    ],
)
def test_name(value: str, code: str | None) -> None:
    assert _code(inputs.name(value)) == code
    assert _code(inputs.optional(value, "#/x")) == code


def test_nothing_is_an_optional_name() -> None:
    assert inputs.optional(None, "#/x") is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("ab", None),
        ("my-platform-2", None),
        ("x" * 40, None),
        ("a", "wrong_length"),
        ("x" * 41, "wrong_length"),
        ("-ab", "wrong_form"),
        ("ab-", "wrong_form"),
        ("a--b", "wrong_form"),
        ("2ab", "wrong_form"),
        ("AB", "wrong_form"),
        ("ab\n", "wrong_form"),
    ],
)
def test_slug(value: str, code: str | None) -> None:
    assert _code(inputs.slug(value)) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a@b.cn", None),
        ("", "wrong_form"),
        ("a@b", "wrong_form"),
        ("A@b.cn", "wrong_form"),
        ("a b@c.cn", "wrong_form"),
        ("a@b.cn\x00", "wrong_form"),
        ("a@" + "b" * 200 + ".cn", "wrong_length"),
    ],
)
def test_email(value: str, code: str | None) -> None:
    assert _code(inputs.email(value)) == code


def test_zone_and_locale() -> None:
    assert inputs.timezone("Asia/Shanghai") is None
    assert _code(inputs.timezone("Asia/Nowhere")) == "unknown_value"
    assert inputs.locale("zh-CN") is None
    assert _code(inputs.locale("zh")) == "unknown_value"


def test_lists_name_the_place() -> None:
    assert inputs.roles(["risk"]) is None
    assert inputs.roles(["risk", "king"]) == FieldProblem("#/roles/1", "unknown_value", {"given": "king"})
    assert _code(inputs.roles([])) == "required"
    assert inputs.scopes(["*"]) is None
    assert inputs.scopes(["buyers:read"]) is None
    assert inputs.scopes(["*", "buyers:read"]) == FieldProblem("#/scopes/0", "unknown_value", {"given": "*"})


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({str(number): "" for number in range(51)}, "#/metadata"),
        ({"": "x"}, "#/metadata/"),
        ({"k" * 41: "x"}, "#/metadata/" + "k" * 40),
        ({"k": "x" * 501}, "#/metadata/k"),
        ({"a~/b": "\x00"}, "#/metadata/a~0~1b"),
    ],
)
def test_metadata_refused(value: dict[str, str], pointer: str) -> None:
    problem = inputs.metadata(value)
    assert problem is not None
    assert problem.pointer == pointer


def test_metadata_at_its_edges() -> None:
    assert inputs.metadata({}) is None
    assert inputs.metadata({f"{number:040}": "x" * 500 for number in range(50)}) is None


def test_future() -> None:
    assert inputs.future(None, NOW, "#/at") is None
    assert inputs.future(NOW + timedelta(seconds=1), NOW, "#/at") is None
    assert _code(inputs.future(NOW, NOW, "#/at")) == "out_of_range"
    assert _code(inputs.future(NOW.replace(tzinfo=None), NOW, "#/at")) == "wrong_form"


def test_all_problems_are_told_at_once() -> None:
    inputs.refuse((None, None))
    with pytest.raises(Invalid) as refused:
        inputs.refuse((inputs.slug("A"), None, inputs.locale("x")))
    assert [problem.pointer for problem in refused.value.errors] == ["#/slug", "#/locale"]
