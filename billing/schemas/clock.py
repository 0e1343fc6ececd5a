"""The tenant's own time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec


class ClockTarget(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of the two: the opening of a business date, or an instant."""

    to_on: date | None = None
    to_at: datetime | None = None


class ClockBody(msgspec.Struct, kw_only=True):
    """Only a test tenant's can be moved. `days_ended`: day ends that a move has run."""

    object: Literal["clock"] = "clock"
    livemode: bool
    now: datetime
    business_on: date
    days_ended: int = 0
