"""What a name, reference, address or free data may be. A check gives the problem with its place, or None.

The codes are those of the HTTP door (kernel/web/problems.py), so that a caller meets one set of words.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

from kernel.errors import FieldProblem, Invalid
from kernel.i18n import LOCALES
from tenants.rules.roles import EVERYTHING, ROLES, VOCABULARY

NAME_LENGTH: Final = 200
METADATA_KEYS: Final = 50
METADATA_KEY_LENGTH: Final = 40
METADATA_VALUE_LENGTH: Final = 500

_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def refuse(problems: Iterable[FieldProblem | None]) -> None:
    """Raises Invalid with all problems at once, where there is one."""
    found = tuple(problem for problem in problems if problem is not None)
    if found:
        raise Invalid(errors=found)


def name(value: str, pointer: str = "#/name") -> FieldProblem | None:
    """1 to 200 characters that can be printed, no space at the ends; also for references and contacts."""
    if not 1 <= len(value) <= NAME_LENGTH:
        return _length(pointer, 1, NAME_LENGTH)
    if value != value.strip() or not value.isprintable():
        return FieldProblem(pointer, "wrong_form", {"expected": "printable, no space at the ends"})
    return None


def optional(value: str | None, pointer: str) -> FieldProblem | None:
    """As `name`, where there is one."""
    return None if value is None else name(value, pointer)


def slug(value: str) -> FieldProblem | None:
    """Small letters, digits and single hyphens, 2 to 40: it stands in addresses and commands."""
    if not 2 <= len(value) <= 40:
        return _length("#/slug", 2, 40)
    return (
        None
        if _SLUG.fullmatch(value)
        else FieldProblem("#/slug", "wrong_form", {"expected": "my-platform-2"})
    )


def email(value: str) -> FieldProblem | None:
    """Only the shape; small letters, so that one person is one member."""
    if len(value) > NAME_LENGTH:
        return _length("#/email", 1, NAME_LENGTH)
    fits = _EMAIL.fullmatch(value) and value == value.lower() and value.isprintable()
    return None if fits else FieldProblem("#/email", "wrong_form", {"expected": "name@example.com"})


def timezone(value: str) -> FieldProblem | None:
    return _known(value, available_timezones(), "#/timezone")


def locale(value: str) -> FieldProblem | None:
    return _known(value, LOCALES, "#/locale")


def roles(values: Iterable[str]) -> FieldProblem | None:
    """At least one, all known."""
    return _all_known(values, frozenset(ROLES), "#/roles")


def scopes(values: Iterable[str]) -> FieldProblem | None:
    """At least one, all in the vocabulary, or `*` alone."""
    given = list(values)
    return None if given == [EVERYTHING] else _all_known(given, VOCABULARY, "#/scopes")


def metadata(values: Mapping[str, str]) -> FieldProblem | None:
    """At most 50 keys of 40 characters with values of 500."""
    if len(values) > METADATA_KEYS:
        return _length("#/metadata", 0, METADATA_KEYS)
    for key, value in values.items():
        pointer = f"#/metadata/{_token(key[:METADATA_KEY_LENGTH])}"
        if not 1 <= len(key) <= METADATA_KEY_LENGTH:
            return _length(pointer, 1, METADATA_KEY_LENGTH)
        if len(value) > METADATA_VALUE_LENGTH:
            return _length(pointer, 0, METADATA_VALUE_LENGTH)
        if "\x00" in key + value:
            return FieldProblem(pointer, "wrong_form", {"expected": "text without NUL"})
    return None


def future(value: datetime | None, now: datetime, pointer: str) -> FieldProblem | None:
    """An instant with its zone, later than `now`; or none."""
    if value is None:
        return None
    if value.tzinfo is None:
        return FieldProblem(pointer, "wrong_form", {"expected": "2027-03-01T00:00:00Z"})
    return (
        None if value > now else FieldProblem(pointer, "out_of_range", {"expected": f"> {now.isoformat()}"})
    )


def _all_known(values: Iterable[str], known: frozenset[str], pointer: str) -> FieldProblem | None:
    given = list(values)
    if not given:
        return FieldProblem(pointer, "required")
    problems = (_known(value, known, f"{pointer}/{position}") for position, value in enumerate(given))
    return next((problem for problem in problems if problem), None)


def _known(value: str, known: Container[str], pointer: str) -> FieldProblem | None:
    return None if value in known else FieldProblem(pointer, "unknown_value", {"given": value[:NAME_LENGTH]})


def _length(pointer: str, least: int, most: int) -> FieldProblem:
    return FieldProblem(pointer, "wrong_length", {"expected": f"{least} to {most}"})


def _token(key: str) -> str:
    """A key as a part of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
