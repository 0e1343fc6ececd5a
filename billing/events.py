"""What billing tells the world: topics of the outbox and actions of the audit."""

from __future__ import annotations

from typing import Final

LINE_OPENED: Final = "line.opened"
LINE_CHANGED: Final = "line.changed"

DRAWDOWN_AUTHORISED: Final = "drawdown.authorised"
DRAWDOWN_CAPTURED: Final = "drawdown.captured"
DRAWDOWN_VOIDED: Final = "drawdown.voided"
DRAWDOWN_EXPIRED: Final = "drawdown.expired"
DRAWDOWN_REFUNDED: Final = "drawdown.refunded"
DRAWDOWN_FELL_DUE: Final = "drawdown.fell_due"
DRAWDOWN_BECAME_PAST_DUE: Final = "drawdown.became_past_due"
DRAWDOWN_CLOSED: Final = "drawdown.closed"

DRAWDOWN_CHARGES_WAIVED: Final = "drawdown.charges_waived"
DRAWDOWN_CHARGE_ADDED: Final = "drawdown.charge_added"
DRAWDOWN_DISPUTED: Final = "drawdown.disputed"
DRAWDOWN_DISPUTE_RESOLVED: Final = "drawdown.dispute_resolved"
DRAWDOWN_INTEREST_PAUSED: Final = "drawdown.interest_paused"
DRAWDOWN_RATE_CHANGED: Final = "drawdown.rate_changed"
DRAWDOWN_EXTENDED: Final = "drawdown.extended"
DRAWDOWN_RESTRUCTURED: Final = "drawdown.restructured"
DRAWDOWN_DUE_DATE_CHANGED: Final = "drawdown.due_date_changed"
DRAWDOWN_DUE_DAY_CHANGED: Final = "drawdown.due_day_changed"
DRAWDOWN_SILENCED: Final = "drawdown.silenced"
DRAWDOWN_SILENCE_ENDED: Final = "drawdown.silence_ended"
DRAWDOWN_CONVERTED: Final = "drawdown.converted"
DRAWDOWN_WRITTEN_OFF: Final = "drawdown.written_off"

RECEIPT_RECORDED: Final = "receipt.recorded"
RECEIPT_REVERSED: Final = "receipt.reversed"
CREDIT_USED: Final = "credit.used"

STATEMENT_CUT: Final = "statement.cut"

DAY_ENDED: Final = "day.ended"
