"""Walking a product document beside the table of its settings: what is wrong in it, what it becomes."""

from collections.abc import Iterator, Mapping
from typing import Any

from kernel.errors import FieldProblem
from products.rules.settings import LATER, Setting, Settings


def problems(group: object, settings: Settings, pointer: str) -> Iterator[FieldProblem]:
    """Of each setting by itself, below `pointer`; unknown ones and those that come later told apart."""
    if not isinstance(group, Mapping):
        yield FieldProblem(pointer, "not_a_group")
        return
    for key in group:
        if key not in settings:
            later = key in LATER.get(pointer, ())
            yield FieldProblem(f"{pointer}/{escaped(key)}", "not_supported_yet" if later else "unknown_field")
    for key, setting in settings.items():
        at = f"{pointer}/{key}"
        if not isinstance(setting, Setting):
            yield from problems(group.get(key, {}), setting, at)
        elif key not in group:
            if setting.required:
                yield FieldProblem(at, "required")
        elif problem := setting.check(group[key]):
            yield FieldProblem(at, *problem)


def fields(group: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The fields of `Terms` that the document sets; the others have their defaults there."""
    found: dict[str, Any] = {}
    for key, setting in settings.items():
        if not isinstance(setting, Setting):
            found |= fields(group.get(key, {}), setting)
        elif key in group and setting.becomes:
            found[setting.becomes] = setting.read(group[key])
    return found


def escaped(key: object) -> str:
    """RFC 6901: `~` is `~0`, `/` is `~1`."""
    return str(key).replace("~", "~0").replace("/", "~1")
