"""Rows of a file become orders, returns, buyers, merchants, receipts; or are left out, or refused.

The steps follow from the mapping and the rows alone, whatever the pieces they come in: whoever begins anew
gets the same steps and goes on behind the last one taken (`Step.rows` adds up to the rows of the file).
Lines of an order need not stand together, but no further apart than `WINDOW` rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import msgspec

from kernel.money import to_major
from tenants.rules.cells import plain
from tenants.rules.mapping import Mapping
from tenants.rules.parties import BuyerItem, MerchantItem, ReceiptItem
from tenants.rules.row_cells import RowReader
from tenants.rules.steps import (
    BadRow,
    Item,
    LeftOut,
    Raw,
    Refused,
    Row,
    RowRefused,
    Step,
    Taken,
    again,
    disagree,
    incomplete,
    not_above_0,
    too_many_lines,
)
from tenants.rules.trade import MOST_LINES, TradeLine, TradeOrderItem, TradeReturnItem

WINDOW: Final = 10_000
_SWEEP: Final = 1_000


class _Open(msgspec.Struct):
    """An order or return whose rows are still coming."""

    kind: Literal["orders", "returns"]
    ref: str
    currency: str
    buyer_ref: str
    merchant_ref: str | None
    order_ref: str | None
    at: datetime
    cells: tuple[Any, ...]
    last: int
    of: list[Row]
    lines: list[TradeLine]
    total: int = 0
    wrong: Refused | None = None


class Mapper:
    """Holds what is under way between pieces of one file."""

    def __init__(self, mapping: Mapping, header: Sequence[str], zone: str) -> None:
        self._mapping = mapping
        self._row = row = RowReader(mapping, header, zone)
        self._cells = mapping.fields
        self._rules = [(rule, row.test(rule)) for rule in mapping.left_out if rule.column is not None]
        self._of_total = [rule for rule in mapping.left_out if rule.column is None]
        self._credit = row.places[mapping.returns.column] if mapping.returns else None
        self._prefix = mapping.returns.prefix if mapping.returns else ""
        self._time = "ordered_at" if mapping.kind == "orders" else "returned_at"
        # what all lines of one order must agree in
        self._alike = [
            row.places[cell.column]
            for name, cell in self._cells.items()
            if name in ("buyer", "merchant", "order", "currency") and cell.column is not None
        ]
        self._open: dict[tuple[bool, str], _Open] = {}
        self._seen: dict[tuple[bool, str], int] = {}
        self._done: list[Step] = []

    def feed(self, first: int, rows: Iterable[Raw]) -> list[Step]:
        """The steps that these rows complete; `first` is the number of the first one."""
        take = self._line if self._mapping.kind in ("orders", "returns") else self._single
        for no, raw in enumerate(rows, first):
            try:
                if isinstance(raw, BadRow):
                    raise RowRefused(None, raw.code, raw.params)
                take(no, raw)
            except RowRefused as wrong:
                self._done.append(Refused((no, raw), wrong.column, wrong.code, wrong.params))
            if no % _SWEEP == 0:
                self._sweep(no - WINDOW)
        return self._take_done()

    def finish(self) -> list[Step]:
        """The steps that only the end of the file completes."""
        for one in self._open.values():
            self._close(one)
        self._open.clear()
        return self._take_done()

    def _take_done(self) -> list[Step]:
        done, self._done = self._done, []
        return done

    # Orders and returns: a row is a line.

    def _line(self, no: int, raw: Raw) -> None:
        mapping = self._mapping
        credit = self._credit is not None and plain(raw[self._credit]).startswith(self._prefix)
        returned = credit or mapping.kind == "returns"
        for rule, fits in self._rules:
            if (rule.only is None or (rule.only == "returns") == returned) and fits(raw):
                self._done.append(LeftOut(rule.name, 1, self._row.worth_of(raw)))
                return
        ref = self._row.wanted("external_ref", raw)
        key = (returned, ref)
        one = self._open.get(key)
        if one is None:
            first = self._seen.setdefault(key, no)
            if first != no:
                raise again(self._cells["external_ref"].column, first)
            one = self._begin(no, raw, ref, returned)
            self._open[key] = one
        elif mapping.one_row_each:
            raise again(self._cells["external_ref"].column, one.of[0][0])
        else:
            one.last = no
        if len(one.of) == MOST_LINES:
            one.wrong = one.wrong or Refused((no, raw), None, *too_many_lines())
            raise RowRefused(None, *too_many_lines())
        one.of.append((no, raw))
        try:
            self._add_line(one, raw, credit)
        except RowRefused as wrong:
            one.wrong = one.wrong or Refused((no, raw), wrong.column, wrong.code, wrong.params)

    def _begin(self, no: int, raw: Raw, ref: str, returned: bool) -> _Open:
        """Its head, from its first row; a head that cannot be read makes the whole wrong, and says so."""
        one = _Open(
            "returns" if returned else "orders", ref, "", "", None, None, _NEVER, self._head(raw), no, [], []
        )
        try:
            one.currency = self._row.currency(raw)
            one.buyer_ref = self._row.wanted("buyer", raw)
            one.merchant_ref = self._row.value("merchant", raw)
            one.order_ref = self._row.value("order", raw) if returned else None
        except RowRefused as wrong:
            one.wrong = Refused((no, raw), wrong.column, wrong.code, wrong.params)
        return one

    def _add_line(self, one: _Open, raw: Raw, credit: bool) -> None:
        if one.cells != self._head(raw):
            raise RowRefused(None, *disagree(one.of[0][0]))
        at = self._row.wanted(self._time, raw)
        one.at = min(one.at, at)
        quantity = self._row.wanted("quantity", raw)
        if credit:
            quantity = -quantity
        if quantity <= 0:
            raise RowRefused(self._cells["quantity"].column, *not_above_0(quantity))
        if one.wrong is not None and not one.currency:
            return
        amount_minor = self._row.amount(raw, one.currency, quantity, credit)
        one.total += amount_minor
        one.lines.append(
            TradeLine(self._row.wanted("sku", raw), quantity, amount_minor, self._row.value("category", raw))
        )

    def _sweep(self, before: int) -> None:
        """Closes what no row came to for a window's length."""
        if closing := [key for key, one in self._open.items() if one.last <= before]:
            for key in closing:
                self._close(self._open.pop(key))

    def _close(self, one: _Open) -> None:
        if (wrong := one.wrong) is not None:
            for row in one.of:
                if row[0] == wrong.row[0]:
                    self._done.append(wrong)
                else:
                    self._done.append(Refused(row, None, *incomplete(wrong.row[0])))
            return
        total = to_major(one.total, one.currency)
        for rule in self._of_total:
            if rule.only in (None, one.kind) and rule.at_most is not None and total <= rule.at_most:
                self._done.append(LeftOut(rule.name, len(one.of), one.total))
                return
        self._done.append(Taken(one.kind, _item(one), tuple(one.of), one.total))

    def _head(self, raw: Raw) -> tuple[Any, ...]:
        return tuple([raw[place] for place in self._alike])

    # Buyers, merchants, receipts: a row is an object.

    def _single(self, no: int, raw: Raw) -> None:
        for rule, fits in self._rules:
            if fits(raw):
                self._done.append(LeftOut(rule.name, 1, self._row.worth_of(raw)))
                return
        ref = self._row.wanted("external_ref", raw)
        first = self._seen.setdefault((False, ref), no)
        if first != no:
            if not self._mapping.first_of_many:
                raise again(self._cells["external_ref"].column, first)
            self._done.append(LeftOut("further_rows", 1, 0))
            return
        item = self._item_of(ref, raw)
        amount_minor = item.amount_minor if isinstance(item, ReceiptItem) else 0
        self._done.append(Taken(self._mapping.kind, item, ((no, raw),), amount_minor))

    def _item_of(self, ref: str, raw: Raw) -> Item:
        kind = self._mapping.kind
        if kind == "merchants":
            return MerchantItem(external_ref=ref, name=self._row.wanted("name", raw))
        if kind == "buyers":
            return BuyerItem(
                external_ref=ref,
                name=self._row.wanted("name", raw),
                party_type=self._row.wanted("party_type", raw),
                owner_name=self._row.value("owner_name", raw),
                mobile=self._row.value("mobile", raw),
            )
        currency = self._row.currency(raw)
        on: date | None = self._row.value("effective_on", raw)
        return ReceiptItem(
            external_ref=ref,
            buyer_ref=self._row.wanted("buyer", raw),
            currency=currency,
            amount_minor=self._row.minor(self._row.wanted("amount", raw), currency, self._cells["amount"]),
            channel=self._row.wanted("channel", raw),
            effective_on=on,
        )


def _item(one: _Open) -> Item:
    if one.kind == "orders":
        return TradeOrderItem(
            external_ref=one.ref,
            ordered_at=one.at,
            currency=one.currency,
            lines=tuple(one.lines),
            buyer_ref=one.buyer_ref,
            merchant_ref=one.merchant_ref,
        )
    return TradeReturnItem(
        external_ref=one.ref,
        returned_at=one.at,
        currency=one.currency,
        lines=tuple(one.lines),
        buyer_ref=one.buyer_ref,
        order_ref=one.order_ref,
    )


_NEVER: Final = datetime.max.replace(tzinfo=UTC)
