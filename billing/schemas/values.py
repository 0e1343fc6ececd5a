"""Ids with their prefixes, and what an amount, a currency or a text may be."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from kernel.web.ids import Id

MOST_MINOR: Final = 10**15
"""No single amount is larger, so that sums stay within 64 bits."""

Amount = Annotated[int, msgspec.Meta(gt=0, le=MOST_MINOR, description="Minor units", examples=[128_800])]
Limit = Annotated[int, msgspec.Meta(ge=0, le=MOST_MINOR, description="Minor units", examples=[5_000_000])]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["CNY"])]
Rate = Annotated[
    str, msgspec.Meta(pattern=r"^0(\.[0-9]{1,9})?$", description="A fraction", examples=["0.0005"])
]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Without control characters: the database takes no NUL, and a line break forges lines in a file."""


class LineId(Id, prefix="lin"):
    """A credit line."""


class LimitDecisionId(Id, prefix="lmd"):
    """A limit decision."""


class DrawdownId(Id, prefix="drw"):
    """A drawdown."""


class ReceiptId(Id, prefix="rcp"):
    """A receipt."""


class RefundId(Id, prefix="rfd"):
    """A refund."""


class DisputeId(Id, prefix="dsp"):
    """A dispute."""


class SilenceId(Id, prefix="sil"):
    """A silence."""


class ChargeId(Id, prefix="chg"):
    """A charge."""


class JournalId(Id, prefix="jrn"):
    """A journal: postings of one cause and one day."""


class StatementId(Id, prefix="stm"):
    """A statement of a line."""


class StatementLineId(Id, prefix="sml"):
    """One line of a statement."""
