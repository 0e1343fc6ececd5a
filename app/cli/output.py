"""What a command answers: JSON for scripts, aligned text for people with amounts in their currency."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from kernel.money import UnknownCurrency, to_major

_UNSAID: Final = ("object", "livemode", "url", "next_cursor", "has_more")
_WIDE: Final = 240
"""Columns where nobody's terminal sets them: lines of a file are not folded."""


@contextmanager
def working(title: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while something long goes on; it hears how much more is done.

    Nothing where no person looks: what a script reads stays clean.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from app.progress import Stages

    with Stages().stage(title) as tell:
        yield tell


def further(tell: Callable[[int], None]) -> Callable[[int], None]:
    """For whoever tells how much is done in all: `tell` hears by how much more."""
    before = 0

    def told(done: int) -> None:
        nonlocal before
        tell(done - before)
        before = done

    return told


def show(answer: object, *, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Prints a Struct, a list of them or a page; `columns` are those of a list, all where none are named."""
    encoded = msgspec.json.encode(answer, enc_hook=str)
    if as_json:
        sys.stdout.write(f"{msgspec.json.format(encoded, indent=2).decode()}\n")
        return
    plain = msgspec.json.decode(encoded)
    console = Console(soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    if isinstance(plain, dict) and isinstance(plain.get("data"), list):
        plain = plain["data"]
    if isinstance(plain, dict) and plain.get("object") == "explanation":
        _show_explanation(console, plain)
    elif isinstance(plain, list):
        _show_list(console, plain, columns)
    else:
        _show_object(console, plain)


def _show_explanation(console: Console, plain: Mapping[str, Any]) -> None:
    """A tree for each amount: what it is made of stands below it."""
    _show_object(console, {name: value for name, value in plain.items() if name != "amounts"})
    for one in plain["amounts"]:
        debt = "" if one["drawdown_id"] == plain["id"] else f"{one['drawdown_id']} "
        row = "" if one["instalment_no"] is None else f"{one['instalment_no']} "
        tree = Tree(f"\n{debt}{row}{_label(one['kind'])}")
        _grow(tree, one["derivation"], plain["currency"])
        console.print(tree)


def _grow(tree: Tree, node: Mapping[str, Any], currency: str) -> None:
    facts = node["facts"]
    if node["op"] == "product":
        base = _amount(facts["base_minor"], currency)
        rate = Decimal(facts["rate_billionths"]) / 10**9
        told = f"{base} × {rate.normalize():f} × {facts['days']}  ({facts['from_on']} – {facts['to_on']})"
    else:
        told = _amount(node["value"], currency)
    branch = tree.add(f"{node['text']}: {told}")
    for part in node["parts"]:
        _grow(branch, part, currency)


def _show_object(console: Console, plain: Mapping[str, Any], currency: str | None = None) -> None:
    """One line a value; lists of objects follow as tables under their names."""
    currency = plain.get("currency", currency)
    grid = Table.grid(padding=(0, 2))
    inner: list[tuple[str, Any]] = []
    for name, value in plain.items():
        if name in _UNSAID:
            continue
        if value and (isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict))):
            inner.append((name, value))
        else:
            grid.add_row(_label(name), _text(name, value, currency))
    console.print(grid)
    for name, value in inner:
        console.print(f"\n{_label(name)}", style="bold")
        if isinstance(value, dict):
            _show_object(console, value, currency)
        else:
            _show_list(console, value, (), currency)


def _show_list(
    console: Console, rows: Sequence[Any], columns: Sequence[str], currency: str | None = None
) -> None:
    if not rows:
        console.print("none")
        return
    names = columns or [name for name in dict.fromkeys(chain(*rows)) if name not in _UNSAID]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in names:
        table.add_column(
            _label(name), justify="right" if name.endswith("_minor") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(_text(name, row.get(name), row.get("currency", currency)) for name in names))
    console.print(table)


def _label(name: str) -> str:
    return name.removesuffix("_minor").replace("_", " ")


def _text(name: str, value: Any, currency: str | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ({}, []):
        return "–"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, list):
        if isinstance(value[0], dict):
            return "\n".join(map(_problem, value))
        return ", ".join(map(str, value))
    if name.endswith("_minor") and isinstance(value, int):
        return _amount(value, currency)
    return str(value)


def _problem(entry: Mapping[str, Any]) -> str:
    """A problem of a document in words, anything else as it is."""
    if "pointer" in entry and "detail" in entry:
        return f"{entry['pointer']}: {entry['detail']}"
    return msgspec.json.encode(entry).decode()


def _amount(amount_minor: int, currency: str | None) -> str:
    try:
        return f"{to_major(amount_minor, currency):,} {currency}" if currency else f"{amount_minor:,} minor"
    except UnknownCurrency:
        return f"{amount_minor:,} minor"
