"""Column types that Piccolo does not know."""

from __future__ import annotations

from piccolo.columns import Column


class Xid8(Column):
    """The transaction that wrote the row: a 64-bit counter, compared with a snapshot's (ARCHITECTURE §3)."""

    value_type = int

    @property
    def column_type(self) -> str:
        return "XID8"
