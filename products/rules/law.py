"""Dated rows of law: what a year of credit may cost at most, and what else a jurisdiction asks, by the
lender's licence and the party that owes.

Facts to be configured, not advice: a lawyer checks a row before anyone relies on it (DOMAIN.md §3, law).
How a product document is held against them: lawful.py.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from products.rules.due_dates import add_months
from products.rules.terms import CapMeasure

CapRule = Literal["fixed", "four_lpr", "none"]
Party = Literal["company", "large_company", "sole_trader", "individual"]
"""`large_company`: a company that its country's statistics count as large (大型企业)."""


class LawRow(msgspec.Struct, frozen=True, kw_only=True):
    """`party`: whom the row binds, None everyone. `valid_to_on`: the last day, None while it stands.

    `cap_rate` a year for `fixed`; `four_lpr`: 4 × the one-year LPR on the contract's date; `none`: no cap.
    `compound_interest`: whether penalty may run on interest and fees. `term_cap_days`: the last due date
    lies at most so many days after the capture. `limitation_years`: how long a debt can be sued for.
    """

    code: str
    jurisdiction: str
    licence: str
    party: Party | None = None
    valid_from_on: date
    valid_to_on: date | None = None
    cap: CapRule
    cap_rate: Decimal = Decimal(0)
    measure: CapMeasure = "irr_simple"
    compound_interest: bool = True
    term_cap_days: int | None = None
    limitation_years: int = 3
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
        source="24 % line for licensed lenders in practice; NFRA [2025] No. 9 in force 2025-10-01; "
        "limitation: Civil Code, Art. 188",
    ),
    LawRow(
        code="cn-private-4lpr",
        jurisdiction="CN",
        licence="private",
        valid_from_on=date(2020, 8, 20),
        cap="four_lpr",
        measure="irr_simple",
        source="Supreme People's Court, private lending rules, Art. 25, 28, 29 (2020-12-29 text); "
        "limitation: Civil Code, Art. 188",
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
        code="gb-example",
        jurisdiction="GB",
        licence="example",
        valid_from_on=date(2000, 1, 1),
        cap="none",
        limitation_years=6,
        source="an example for GBP, to be replaced by a lawyer's: no fixed cap between businesses; "
        "limitation: Limitation Act 1980, s. 5",
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
    LawRow(
        code="example-30-large",
        jurisdiction="example",
        licence="example",
        party="large_company",
        valid_from_on=date(2025, 6, 1),
        cap="fixed",
        cap_rate=Decimal("0.30"),
        compound_interest=False,
        term_cap_days=60,
        source="made up after State Council Decree 802, Art. 9: a large enterprise pays within 60 days. "
        "The decree binds who owes the seller, and under a loan the seller is paid at the capture",
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
"""One-year loan prime rate where it changed, by the day of publication. Source: National Interbank Funding
Center, authorised by the People's Bank of China; it is published on the 20th of each month."""
LPR_LOOKED_AT_ON = date(2026, 1, 20)
"""The last publication this table was held against: 3.00 %, unchanged. After it the last rate goes on."""


def lpr_on(on: date) -> Decimal:
    """The one last published. On 2025-05-19: 3.10 %. Raises ValueError before the first."""
    found = [rate for published_on, rate in LPR if published_on <= on]
    if not found:
        raise ValueError(f"no one-year LPR by {on}")
    return found[-1]


def law_rows(jurisdiction: str, licence: str) -> tuple[LawRow, ...]:
    """All of them, of every time and party."""
    return tuple(row for row in LAW if (row.jurisdiction, row.licence) == (jurisdiction, licence))


def law_row(jurisdiction: str, licence: str, party: Party, on: date) -> LawRow | None:
    """The row in force on that day, if there is one: the party's own before everyone's."""
    standing = [row for row in law_rows(jurisdiction, licence) if stands(row, on)]
    own = [row for row in standing if row.party == party]
    return next(iter(own or [row for row in standing if row.party is None]), None)


def stands(row: LawRow, on: date) -> bool:
    return row.valid_from_on <= on and (row.valid_to_on is None or on <= row.valid_to_on)


def cap_on(row: LawRow, on: date) -> Decimal | None:
    """The most that a year may cost under a contract of that day; None without a cap. 4 × 3.00 % = 12 %."""
    match row.cap:
        case "fixed":
            return row.cap_rate
        case "four_lpr":
            return 4 * lpr_on(on)
        case "none":
            return None


def widest_cap(rows: Iterable[LawRow]) -> Decimal | None:
    """The most that any of the rows has ever allowed or allows; None where one has no cap.

    `cn-private-4lpr` stands since August 2020: 4 × 3.85 % = 15.4 %.
    """
    widest = Decimal(0)
    for row in rows:
        for on in (row.valid_from_on, *(day for day, _ in LPR if stands(row, day))):
            cap = cap_on(row, on)
            if cap is None:
                return None
            widest = max(widest, cap)
    return widest


def limitation_on(row: LawRow, begun_on: date) -> date:
    """The last day on which the debt can be sued for, counted from the due date or from what began it anew
    (a demand, a promise, a part payment). Three years from 10 March 2027: 10 March 2030.
    """
    return add_months(begun_on, 12 * row.limitation_years)
