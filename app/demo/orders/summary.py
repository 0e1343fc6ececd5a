"""What came of a real-order run, as one flat object (docs/real-orders.md, "Totals") and as a table."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import asdict
from rich.table import Table

from app.demo.book import Sums
from app.demo.orders.reader import OrderFile
from app.demo.orders.run import Found

SOURCE: Final = "Online Retail II (Chen, D., UCI Machine Learning Repository, 2019, CC BY 4.0)"
SIMULATED: Final = (
    "orders, prices, customers and returns are real; the data holds no payments: "
    "how buyers pay, the limits and the product are a declared, seeded model"
)


def summary(file: OrderFile, found: Found, sums: Sums, verified: int, seconds: float) -> dict[str, Any]:
    """Amounts in pence; `verified_drawdowns` are those whose rows agree with their replayed events."""
    aside = {
        f"{reason}_{unit}": value
        for reason, lines in file.set_aside.items()
        for unit, value in (("lines", lines.lines), ("minor", lines.amount_minor))
    }
    attempted = sums.refused_minor + sums.authorised_minor
    return {
        "source": SOURCE,
        "simulated": SIMULATED,
        "currency": "GBP",
        "lines": file.lines,
        "kept_lines": file.kept_lines,
        **aside,
        "buyers": len(file.buyers),
        "zero_orders": file.zero_orders,
        **asdict(found),
        **asdict(sums),
        "refused_share": f"{sums.refused_minor / attempted:.4f}" if attempted else "0",
        "verified_drawdowns": verified,
        "seconds": round(seconds, 1),
    }


_ROWS: Final = (
    ("buyers", "buyers", None),
    ("with a line; limits", "lines_opened", "limits_minor"),
    ("orders in the window", "window_orders", "window_minor"),
    ("of buyers without a line", "no_line_orders", "no_line_minor"),
    ("refused for the limit", "refused_orders", "refused_minor"),
    ("  short by", None, "refused_shortfall_minor"),
    ("authorised", "authorised_orders", "authorised_minor"),
    ("captured", "captured_orders", "captured_minor"),
    ("refunded", "refunds", "refunded_minor"),
    ("returns of nothing financed", None, "unmatched_credit_minor"),
    ("received (simulated)", "receipts", "received_minor"),
    ("interest charged", None, "interest_charged_minor"),
    ("penalty charged", None, "penalty_charged_minor"),
    ("merchant fee kept", None, "merchant_fee_minor"),
    ("credit balance", None, "credit_balance_minor"),
    ("held at the end", None, "held_minor"),
    ("outstanding at the end", None, "outstanding_minor"),
    ("past due at the end", "past_due_drawdowns", "past_due_minor"),
    ("closed", "closed_drawdowns", None),
)


def table(told: dict[str, Any]) -> Table:
    shown = Table(
        title=told["source"], caption=told["simulated"], title_justify="left", caption_justify="left"
    )
    shown.add_column("")
    shown.add_column("number", justify="right")
    shown.add_column("GBP", justify="right")
    for label, number, amount in _ROWS:
        shown.add_row(
            label,
            f"{told[number]:,}" if number else "",
            f"{told[amount] // 100:,}.{told[amount] % 100:02}" if amount else "",
        )
    return shown
