"""Reads the fields of a row: by column or constant, its amount, and whether a rule leaves it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from kernel.money import UnknownCurrency, currency_digits, round_ratio
from tenants.rules.cells import BadCell, Read, minor_of, number_of, plain, reader
from tenants.rules.mapping import Cell, LeaveOut, Mapping
from tenants.rules.steps import Raw, RowRefused, below_0, no_currency, required

_MOST_KEPT: Final = 50_000


class RowReader:
    """Bound to the columns of one file."""

    def __init__(self, mapping: Mapping, header: Sequence[str], zone: str) -> None:
        self.cells = mapping.fields
        self.places = {column: header.index(column) for column in mapping.columns()}
        self._read = {name: self._reader(cell, zone) for name, cell in self.cells.items()}
        self._ratios: dict[tuple[Decimal, str], tuple[int, int]] = {}

    def amount(self, raw: Raw, currency: str, quantity: Decimal, credit: bool) -> int:
        if (cell := self.cells.get("unit_price")) is not None:
            self.wanted("unit_price", raw)
            amount_minor = self._priced(raw, cell, currency, quantity)
        else:
            cell = self.cells["amount"]
            amount = self.wanted("amount", raw)
            amount_minor = self.minor(-amount if credit else amount, currency, cell)
        if amount_minor < 0:
            raise RowRefused(cell.column, *below_0(amount_minor))
        return amount_minor

    def _priced(self, raw: Raw, cell: Cell, currency: str, quantity: Decimal) -> int:
        """Price × quantity, rounded half up once: 3 at 0.125 GBP are 38 pence."""
        price = self.value("unit_price", raw)
        known = self._ratios.get((price, currency))
        if known is None:
            digits = 0 if cell.minor else currency_digits(currency)
            known = self._ratios[price, currency] = price.scaleb(digits).as_integer_ratio()
            if len(self._ratios) > _MOST_KEPT:
                self._ratios.clear()
        numerator, denominator = known
        if quantity == (whole := int(quantity)):
            return round_ratio(whole * numerator, denominator)
        of, by = quantity.as_integer_ratio()
        return round_ratio(of * numerator, by * denominator)

    def _reader(self, cell: Cell, zone: str) -> Callable[[Raw], Any]:
        read: Read = reader(cell, zone)
        if cell.column is None:
            given = cell.value
            value: list[Any] = []

            def constant(raw: Raw) -> Any:
                if not value:
                    value.append(read(given))
                return value[0]

            return constant
        place = self.places[cell.column]
        return lambda raw: read(raw[place])

    def value(self, name: str, raw: Raw) -> Any:
        read = self._read.get(name)
        if read is None:
            return None
        try:
            return read(raw)
        except BadCell as wrong:
            raise RowRefused(self.cells[name].column, wrong.code, wrong.params) from None

    def wanted(self, name: str, raw: Raw) -> Any:
        value = self.value(name, raw)
        if value is None:
            raise RowRefused(self.cells[name].column, *required())
        return value

    def currency(self, raw: Raw) -> str:
        code: str = self.wanted("currency", raw)
        try:
            currency_digits(code)
        except UnknownCurrency:
            raise RowRefused(self.cells["currency"].column, *no_currency(code)) from None
        return code

    def minor(self, amount: Decimal, currency: str, cell: Cell) -> int:
        try:
            return minor_of(amount, currency, minor=cell.minor)
        except BadCell as wrong:
            raise RowRefused(cell.column, wrong.code, wrong.params) from None

    def worth_of(self, raw: Raw) -> int:
        """What a row that is left out counts, without its sign; 0 where that cannot be read."""
        try:
            currency = self.currency(raw) if "currency" in self.cells else ""
            if (cell := self.cells.get("unit_price")) is not None:
                self.wanted("unit_price", raw)
                return self._priced(raw, cell, currency, abs(self.wanted("quantity", raw)))
            if (cell := self.cells.get("amount")) is not None:
                return abs(self.minor(self.wanted("amount", raw), currency, cell))
        except RowRefused:
            return 0
        return 0

    def test(self, rule: LeaveOut) -> Callable[[Raw], bool]:
        place = self.places[rule.column or ""]
        known: dict[Any, bool] = {}
        cell = next((cell for cell in self.cells.values() if cell.column == rule.column), None)

        def fits(raw: Raw) -> bool:
            value = raw[place]
            found = known.get(value)
            if found is None:
                if len(known) > _MOST_KEPT:
                    known.clear()
                found = known[value] = _fits(rule, value, cell)
            return found

        return fits


def _fits(rule: LeaveOut, value: Any, cell: Cell | None) -> bool:
    text = plain(value)
    if rule.upper:
        text = text.upper()
    if (rule.empty and not text) or text in rule.one_of or (rule.prefix and text.startswith(rule.prefix)):
        return True
    if (rule.at_most is None and rule.at_least is None) or not text:
        return False
    try:
        signs = (cell.decimal, cell.thousands) if cell and isinstance(value, str) else (".", "")
        number = number_of(text, *signs)
    except BadCell:
        return False
    return (rule.at_most is not None and number <= rule.at_most) or (
        rule.at_least is not None and number >= rule.at_least
    )
