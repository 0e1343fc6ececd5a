"""Dated rows of law: what a year of credit may cost at most, by jurisdiction and the lender's licence.

Facts to be configured, not advice: a lawyer checks a row before anyone relies on it (DOMAIN.md §3, law).
"""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from products.rules.terms import CapMeasure

CapRule = Literal["fixed", "four_lpr"]


class LawRow(msgspec.Struct, frozen=True, kw_only=True):
    """`cap_rate` a year for `fixed`; `four_lpr`: 4 × the one-year LPR on the contract's date.
    `valid_to_on`: the last day, None while it stands. `compound_interest`: whether penalty may run on
    interest and fees."""

    code: str
    jurisdiction: str
    licence: str
    valid_from_on: date
    valid_to_on: date | None = None
    cap: CapRule
    cap_rate: Decimal = Decimal(0)
    measure: CapMeasure = "irr_simple"
    compound_interest: bool = True
    source: str


LAW: tuple[LawRow, ...] = (
    LawRow(
        code="cn-licensed-24",
        jurisdiction="CN",
        licence="licensed",
        valid_from_on=date(2017, 12, 1),
        cap="fixed",
        cap_rate=Decimal("0.24"),
        measure="irr_compound",
        source="24 % line for licensed lenders in practice; NFRA [2025] No. 9 in force 2025-10-01",
    ),
    LawRow(
        code="cn-private-4lpr",
        jurisdiction="CN",
        licence="private",
        valid_from_on=date(2020, 8, 20),
        cap="four_lpr",
        measure="irr_simple",
        source="Supreme People's Court, private lending rules, Art. 25, 28, 29 (2020-12-29 text)",
    ),
    LawRow(
        code="cn-micro-24",
        jurisdiction="CN",
        licence="micro_lender",
        valid_from_on=date(2017, 12, 1),
        valid_to_on=date(2027, 12, 31),
        cap="fixed",
        cap_rate=Decimal("0.24"),
        measure="irr_compound",
        source="PBoC and NFRA guidance of December 2025: none above 24 %, 4 × LPR by the end of 2027",
    ),
    LawRow(
        code="cn-micro-4lpr",
        jurisdiction="CN",
        licence="micro_lender",
        valid_from_on=date(2028, 1, 1),
        cap="four_lpr",
        measure="irr_compound",
        source="PBoC and NFRA guidance of December 2025: none above 24 %, 4 × LPR by the end of 2027",
    ),
    LawRow(
        code="example-30",
        jurisdiction="example",
        licence="example",
        valid_from_on=date(2000, 1, 1),
        cap="fixed",
        cap_rate=Decimal("0.30"),
        compound_interest=False,
        source="made up, to try the rules with; no country's law",
    ),
)

LPR: tuple[tuple[date, Decimal], ...] = tuple(
    (date.fromisoformat(on), Decimal(rate))
    for on, rate in (
        ("2019-08-20", "0.0425"), ("2019-09-20", "0.0420"), ("2019-11-20", "0.0415"), ("2020-02-20",
        "0.0405"), ("2020-04-20", "0.0385"), ("2021-12-20", "0.0380"), ("2022-01-20", "0.0370"),
        ("2022-08-22", "0.0365"), ("2023-06-20", "0.0355"), ("2023-08-21", "0.0345"), ("2024-07-22",
        "0.0335"), ("2024-10-21", "0.0310"), ("2025-05-20", "0.0300"),
    )
)  # fmt: skip
"""One-year loan prime rate as published by the National Interbank Funding Center, where it changed. Last
looked at: 2026-01-20, still 3.00 %."""


def lpr_on(on: date) -> Decimal:
    """The one last published. On 2025-05-19: 3.10 %. Raises ValueError before the first."""
    found = [rate for published_on, rate in LPR if published_on <= on]
    if not found:
        raise ValueError(f"no one-year LPR by {on}")
    return found[-1]


def law_row(jurisdiction: str, licence: str, on: date) -> LawRow | None:
    """The row in force on that day, if there is one."""
    for row in LAW:
        fits = row.jurisdiction == jurisdiction and row.licence == licence and row.valid_from_on <= on
        if fits and (row.valid_to_on is None or on <= row.valid_to_on):
            return row
    return None


def cap_on(row: LawRow, on: date) -> Decimal:
    """The most that a year may cost under a contract of that day. 4 × 3.00 % = 12 %."""
    return row.cap_rate if row.cap == "fixed" else 4 * lpr_on(on)
