"""What a name, reference, address or free data may be. A check gives the problem with its place, or None."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import available_timezones

from kernel.errors import FieldProblem, Invalid
from tenants.rules.roles import EVERYTHING, ROLES, VOCABULARY

NAME_LENGTH: Final = 200
METADATA_KEYS: Final = 50
METADATA_KEY_LENGTH: Final = 40
METADATA_VALUE_LENGTH: Final = 500
LOCALES: Final = ("zh-CN", "en")

_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def refuse(problems: Iterable[FieldProblem | None]) -> None:
    """Raises Invalid with all problems at once, where there is one."""
    found = tuple(problem for problem in problems if problem is not None)
    if found:
        raise Invalid(errors=found)


def name(value: str, pointer: str = "#/name") -> FieldProblem | None:
    """1 to 200 characters that can be printed, no space at the ends; also for references and contacts."""
    if not value or value != value.strip() or not value.isprintable():
        return FieldProblem(pointer, "not_plain_text")
    if len(value) > NAME_LENGTH:
        return FieldProblem(pointer, "too_long", {"max_length": NAME_LENGTH})
    return None


def optional(value: str | None, pointer: str) -> FieldProblem | None:
    """As `name`, where there is one."""
    return None if value is None else name(value, pointer)


def slug(value: str) -> FieldProblem | None:
    """Small letters, digits and single hyphens, 2 to 40: it stands in addresses and commands."""
    return None if 2 <= len(value) <= 40 and _SLUG.fullmatch(value) else FieldProblem("#/slug", "not_a_slug")


def email(value: str) -> FieldProblem | None:
    """Only the shape; small letters, so that one person is one member."""
    fits = _EMAIL.fullmatch(value) and value == value.lower() and len(value) <= NAME_LENGTH
    return None if fits else FieldProblem("#/email", "not_an_email")


def timezone(value: str) -> FieldProblem | None:
    return None if value in available_timezones() else FieldProblem("#/timezone", "unknown_timezone")


def locale(value: str) -> FieldProblem | None:
    return None if value in LOCALES else FieldProblem("#/locale", "unknown_locale")


def roles(values: Iterable[str]) -> FieldProblem | None:
    """At least one, all known."""
    return _known(values, frozenset(ROLES), "#/roles", "unknown_role")


def scopes(values: Iterable[str]) -> FieldProblem | None:
    """At least one, all in the vocabulary, or `*` alone."""
    given = list(values)
    return None if given == [EVERYTHING] else _known(given, VOCABULARY, "#/scopes", "unknown_scope")


def metadata(values: Mapping[str, str]) -> FieldProblem | None:
    """At most 50 keys of 40 characters with values of 500."""
    if len(values) > METADATA_KEYS:
        return FieldProblem("#/metadata", "too_many", {"max_keys": METADATA_KEYS})
    for key, value in values.items():
        if not key or len(key) > METADATA_KEY_LENGTH or "\x00" in key + value:
            return FieldProblem("#/metadata", "metadata_key", {"max_length": METADATA_KEY_LENGTH})
        if len(value) > METADATA_VALUE_LENGTH:
            return FieldProblem(
                f"#/metadata/{_token(key)}", "too_long", {"max_length": METADATA_VALUE_LENGTH}
            )
    return None


def _known(values: Iterable[str], known: frozenset[str], pointer: str, code: str) -> FieldProblem | None:
    given = list(values)
    if not given:
        return FieldProblem(pointer, "missing")
    for position, value in enumerate(given):
        if value not in known:
            return FieldProblem(f"{pointer}/{position}", code, {"value": value[:NAME_LENGTH]})
    return None


def _token(key: str) -> str:
    """A key as a part of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
