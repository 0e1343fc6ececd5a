"""What an import came to so far, by outcome: objects, rows of the file, minor units."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct):
    """`amount_minor` is of objects that have one; of all currencies of the file together."""

    objects: int = 0
    rows: int = 0
    amount_minor: int = 0

    def add(self, objects: int, rows: int, amount_minor: int) -> None:
        self.objects += objects
        self.rows += rows
        self.amount_minor += amount_minor


class Counts(msgspec.Struct, kw_only=True):
    """`rows` is the sum of the rows in the others: no row is lost. `recorded`, `repeated` by kind,
    `left_out` by the name of its rule."""

    rows: int = 0
    recorded: dict[str, Tally] = {}
    repeated: dict[str, Tally] = {}
    left_out: dict[str, Tally] = {}
    refused_rows: int = 0

    def count(self, where: dict[str, Tally], name: str, objects: int, rows: int, amount_minor: int) -> None:
        where.setdefault(name, Tally()).add(objects, rows, amount_minor)
        self.rows += rows

    def refuse(self, rows: int) -> None:
        self.refused_rows += rows
        self.rows += rows
