"""A case of `tradeline apr`, read from JSON: which form it has, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from kernel.errors import FieldProblem, Invalid
from products.rules.rate import irr, irr_unit_periods, xirr
from products.rules.root import UnitFlow

FORMS: Final = ("flows", "payments_t_years", "unit_periods_per_year")
"""What each form has, and no other."""
DECIMALS: Final = 6
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST: Final = 10**30
_LONGEST: Final = 10_000
"""Years or periods: what lies farther away would be worth nothing to any digit."""
_MOST_DECIMALS: Final = 12


class Case(msgspec.Struct, kw_only=True):
    """`rate` computes it and raises NoRate; `measure` says what it means."""

    name: str | None
    measure: str
    rate: Callable[[], Decimal]
    decimals: int
    expected: Decimal | None
    expected_percent: Decimal | None


def read(given: Any, at: str = "#") -> Case:
    """`at`: where the case stands in its document. Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid(errors=(FieldProblem(at, "not_a_case"),))
    forms = [form for form in FORMS if form in given]
    if len(forms) != 1:
        raise Invalid(errors=(FieldProblem(at, "one_of", {"names": ", ".join(FORMS)}),))
    reader = _Reader(given, at)
    measure, rate = _READ[forms[0]](reader)
    name = given.get("name")
    case = Case(
        name=None if name is None else str(name),
        measure=measure,
        rate=rate,
        decimals=int(reader.whole("decimals", 0, _MOST_DECIMALS)) if "decimals" in given else DECIMALS,
        expected=reader.optional("expected"),
        expected_percent=reader.optional("expected_percent"),
    )
    if reader.problems:
        raise Invalid(errors=tuple(reader.problems))
    return case


class _Reader:
    """Notes what is wrong and goes on with something harmless, so that all of it is told at once."""

    def __init__(self, given: dict[str, Any], at: str) -> None:
        self._given, self._at = given, at
        self.problems: list[FieldProblem] = []

    def has(self, key: str) -> bool:
        return key in self._given

    def wrong(self, problem: FieldProblem) -> Decimal:
        """Its pointer is given from the case on."""
        self.problems.append(msgspec.structs.replace(problem, pointer=f"{self._at}/{problem.pointer}"))
        return Decimal(0)

    def number(self, place: str, value: Any, least: int = -_MOST, most: int = _MOST) -> Decimal:
        """A JSON number, or the same as text."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            return self.wrong(FieldProblem(place, "not_a_number"))
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            return self.wrong(FieldProblem(place, "not_a_number"))
        number = Decimal(value)
        if not least <= number <= most:
            return self.wrong(
                FieldProblem(place, "number_out_of_range", {"least": f"{least:g}", "most": f"{most:g}"})
            )
        return number

    def day(self, place: str, value: Any) -> date:
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.wrong(FieldProblem(place, "not_a_date"))
        return date.min

    def needed(self, key: str) -> Any:
        """The value of `key`, or None after noting that there is none."""
        if self._given.get(key) is None:
            self.wrong(FieldProblem(key, "required"))
        return self._given.get(key)

    def needed_number(self, key: str, least: int = -_MOST, most: int = _MOST) -> Decimal:
        value = self.needed(key)
        return Decimal(0) if value is None else self.number(key, value, least, most)

    def optional(self, key: str) -> Decimal | None:
        value = self._given.get(key)
        return None if value is None else self.number(key, value)

    def whole(self, key: str, least: int, most: int) -> Decimal:
        value = self.number(key, self._given.get(key), least, most)
        return value if value == int(value) else self.wrong(FieldProblem(key, "not_a_whole_number"))

    def pairs(self, key: str) -> list[tuple[str, Any, Any]]:
        """Each pair of a list, after its place."""
        given = self.needed(key)
        if given is None:
            return []
        if not isinstance(given, list) or not given:
            self.wrong(FieldProblem(key, "not_a_list"))
            return []
        found = []
        for number, pair in enumerate(given):
            place = f"{key}/{number}"
            if isinstance(pair, list) and len(pair) == 2:
                found.append((place, pair[0], pair[1]))
            else:
                self.wrong(FieldProblem(place, "not_a_pair"))
        return found


_Read = tuple[str, Callable[[], Decimal]]


def _dated(reader: _Reader) -> _Read:
    """`flows`: [date, amount]."""
    flows = [
        (reader.day(f"{place}/0", on), reader.number(f"{place}/1", amount))
        for place, on, amount in reader.pairs("flows")
    ]
    return "effective annual, days ÷ 365", lambda: xirr(flows)


def _in_years(reader: _Reader) -> _Read:
    """`advances_t_years`, `payments_t_years`: [years, amount]."""
    flows = [
        (
            reader.number(f"{place}/0", t, -_LONGEST, _LONGEST),
            sign * reader.number(f"{place}/1", amount),
        )
        for sign, key in ((1, "advances_t_years"), (-1, "payments_t_years"))
        for place, t, amount in reader.pairs(key)
    ]
    return "effective annual, years", lambda: irr(flows)


def _in_unit_periods(reader: _Reader) -> _Read:
    """`payments` as [date, amount], their times in `t_f` as [whole unit periods, part of one more]; `advance`
    at the start, or `advances` with `advances_t_f`.
    """
    periods_a_year = reader.needed_number("unit_periods_per_year", 1, 366)
    if reader.has("advance") and reader.has("advances"):
        reader.wrong(FieldProblem("advances", "one_of", {"names": "advance, advances"}))
    if reader.has("advances"):
        advances = _unit_flows(reader, "advances", "advances_t_f")
    else:
        advances = [(0, Decimal(0), reader.needed_number("advance"))]
    payments = _unit_flows(reader, "payments", "t_f")
    return "nominal annual, unit periods", lambda: irr_unit_periods(advances, payments, periods_a_year)


def _unit_flows(reader: _Reader, key: str, times_key: str) -> list[UnitFlow]:
    """Dates beside the amounts are for people: the times say when."""
    amounts = [reader.number(f"{place}/1", amount) for place, _, amount in reader.pairs(key)]
    times = []
    for place, t, odd in reader.pairs(times_key):
        whole = reader.number(f"{place}/0", t, 0, _LONGEST)
        if whole != int(whole):
            whole = reader.wrong(FieldProblem(f"{place}/0", "not_a_whole_number"))
        part = reader.number(f"{place}/1", odd, 0, 1)
        times.append((int(whole), part))
    if not reader.problems and len(times) != len(amounts):
        reader.wrong(FieldProblem(times_key, "one_for_each_payment", {"amounts": len(amounts)}))
    return [(t, part, amount) for (t, part), amount in zip(times, amounts, strict=False)]


_READ: Final[dict[str, Callable[[_Reader], _Read]]] = {
    "flows": _dated,
    "payments_t_years": _in_years,
    "unit_periods_per_year": _in_unit_periods,
}
