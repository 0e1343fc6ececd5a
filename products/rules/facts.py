"""The registry of buyer facts: what a tier's condition may ask about a buyer (DOMAIN.md §5, §15).

A fact is a whole number or not known (null). It is of one buyer and one currency: what was ordered or
borrowed in another counts for nothing, since nothing converts. It is `as_of` a day D and takes in all that
counts for D or earlier; a window of n days is D and the n − 1 days before it. Reports computes them
(reports/buyer_facts.py), docs/buyer-facts.md explains them; a test holds the three together.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Kind = Literal["activity", "scale", "fund_return"]
Unit = Literal["days", "months", "count", "minor", "bp"]
"""`minor`: minor units of the row's currency; `bp`: basis points, 10,000 are the whole."""
Source = Literal["orders", "returns", "book"]
"""What the platform sends, and our own lines, drawdowns and instalments."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """`window_days`: 0 for now or ever. `null`: when it is not known; "" where it always is."""

    name: str
    kind: Kind
    unit: Unit
    window_days: int
    source: Source
    formula_en: str
    formula_zh: str
    null_en: str = ""
    null_zh: str = ""


def _fact(
    name: str,
    kind: Kind,
    unit: Unit,
    window_days: int,
    source: Source,
    formula: tuple[str, str],
    null: tuple[str, str] = ("", ""),
) -> Fact:
    return Fact(
        name=name,
        kind=kind,
        unit=unit,
        window_days=window_days,
        source=source,
        formula_en=formula[0],
        formula_zh=formula[1],
        null_en=null[0],
        null_zh=null[1],
    )


_NEVER_ORDERED: Final = ("never ordered", "从未下单")
_NO_ORDER_365D: Final = ("no order in the window", "窗口内没有订单")
_NOTHING_DUE: Final = ("nothing fell due in the window", "窗口内没有到期款项")
_NOTHING_JUDGED: Final = ("no instalment's grace ran out in the window", "窗口内没有宽限期届满的分期")

_ACTIVITY: Final = (
    _fact("days_since_last_order", "activity", "days", 0, "orders",
          ("days from the last order's day to D", "最近一笔订单日至 D 的天数"), _NEVER_ORDERED),
    _fact("months_since_first_order", "activity", "months", 0, "orders",
          ("whole months from the first order's day to D", "首笔订单日至 D 的整月数"), _NEVER_ORDERED),
    _fact("orders_90d", "activity", "count", 90, "orders",
          ("orders in the window", "窗口内订单数")),
    _fact("orders_270d", "activity", "count", 270, "orders",
          ("orders in the window", "窗口内订单数")),
    _fact("orders_365d", "activity", "count", 365, "orders",
          ("orders in the window", "窗口内订单数")),
    _fact("active_months_12", "activity", "count", 0, "orders",
          ("of D's month and the 11 before it, those with an order by D",
           "含 D 当月在内的 12 个自然月中，截至 D 有订单的月数")),
    _fact("median_gap_days_365d", "activity", "days", 365, "orders",
          ("median of the days between one day with an order and the next; of two middle ones the smaller",
           "相邻有单日之间天数的中位数；中间有两个时取较小者"),
          ("fewer than two days with an order in the window", "窗口内有单日少于两天")),
    _fact("regularity_bp_365d", "activity", "bp", 365, "orders",
          ("share of those gaps from half to one and a half times their median",
           "上述间隔中介于中位数的一半至一倍半之间者所占比例"),
          ("fewer than three gaps in the window", "窗口内间隔少于三个")),
)  # fmt: skip

_SCALE: Final = (
    _fact("purchases_minor_90d", "scale", "minor", 90, "orders",
          ("orders less returns, each by its own day; never below 0", "订单额减退货额，各按其发生日；不低于 0")),
    _fact("purchases_minor_270d", "scale", "minor", 270, "orders",
          ("orders less returns, each by its own day; never below 0", "订单额减退货额，各按其发生日；不低于 0")),
    _fact("purchases_minor_365d", "scale", "minor", 365, "orders",
          ("orders less returns, each by its own day; never below 0", "订单额减退货额，各按其发生日；不低于 0")),
    _fact("average_order_minor_365d", "scale", "minor", 365, "orders",
          ("amount of all orders ÷ their number, rounded down", "订单总额 ÷ 订单数，向下取整"), _NO_ORDER_365D),
    _fact("trend_bp_90d", "scale", "bp", 180, "orders",
          ("(purchases of the last 90 days − those of the 90 days before) ÷ the latter, rounded down; at most "
           "1,000,000", "（近 90 天采购额 − 此前 90 天采购额）÷ 后者，向下取整；最高 1,000,000"),
          ("no purchases in the 90 days before", "此前 90 天没有采购")),
    _fact("categories_365d", "scale", "count", 365, "orders",
          ("different goods categories of order lines; lines without one are left out",
           "订单行中不同的商品品类数；无品类的行不计")),
    _fact("top_category_bp_365d", "scale", "bp", 365, "orders",
          ("amount of the largest category ÷ amount of all lines with a category, rounded down",
           "金额最大的品类 ÷ 全部有品类订单行的金额，向下取整"),
          ("no amount under a category in the window", "窗口内没有带品类的金额")),
    _fact("returns_bp_365d", "scale", "bp", 365, "returns",
          ("amount returned in the window ÷ amount ordered in it, rounded down; may exceed 10,000",
           "窗口内退货额 ÷ 窗口内订单额，向下取整；可超过 10,000"), _NO_ORDER_365D),
    _fact("merchants_365d", "scale", "count", 365, "orders",
          ("different merchants ordered from; orders without one are left out",
           "下单涉及的不同商户数；无商户的订单不计")),
)  # fmt: skip

_FUND_RETURN: Final = (
    _fact("due_minor_180d", "fund_return", "minor", 180, "book",
          ("principal, interest and fees, less what was waived, of undisputed instalments whose due date lies "
           "in the window", "到期日在窗口内、无争议分期的本金、利息与费用（减免除外）")),
    _fact("repaid_bp_180d", "fund_return", "bp", 180, "book",
          ("of that amount, what is paid by now, rounded down", "上述金额中目前已还的比例，向下取整"), _NOTHING_DUE),
    _fact("on_time_bp_180d", "fund_return", "bp", 180, "book",
          ("of the undisputed instalments whose grace ran out in the window, the share settled before that, "
           "rounded down", "宽限期在窗口内届满的无争议分期中，届满前结清的比例，向下取整"), _NOTHING_JUDGED),
    _fact("mean_days_late_180d", "fund_return", "days", 180, "book",
          ("mean over the same instalments, rounded down: 0 where settled in time, else days from the due date "
           "to settlement, or to D", "同一批分期的平均值，向下取整：按时结清为 0，否则为到期日至结清日（未结清则至 D）的天数"),
          _NOTHING_JUDGED),
    _fact("max_days_past_due_365d", "fund_return", "days", 365, "book",
          ("the most days past due that any undisputed instalment had reached on a day of the window; 0 where "
           "none was past due", "任一无争议分期在窗口内某日达到的最大逾期天数；从未逾期为 0")),
    _fact("days_past_due", "fund_return", "days", 0, "book",
          ("days past due on D: from the oldest unpaid, undisputed due date whose grace has run out; else 0",
           "D 日逾期天数：自宽限期已过的最早未付、无争议到期日起计；否则为 0")),
    _fact("outstanding_minor", "fund_return", "minor", 0, "book",
          ("principal outstanding on all lines", "所有额度下的未还本金")),
    _fact("limit_use_bp", "fund_return", "bp", 0, "book",
          ("(held + outstanding) ÷ limit, over all lines that are not closed, rounded down",
           "（冻结 + 未还本金）÷ 额度，按全部未关闭额度合计，向下取整"),
          ("no open line with a limit above 0", "没有大于 0 的有效额度")),
    _fact("drawdowns_closed", "fund_return", "count", 0, "book",
          ("drawdowns that were captured and are closed", "已提用且已结清的借据数")),
    _fact("drawdowns_open", "fund_return", "count", 0, "book",
          ("drawdowns that are captured and not closed", "已提用且未结清的借据数")),
)  # fmt: skip

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in (*_ACTIVITY, *_SCALE, *_FUND_RETURN)}
"""By name, in the order of the page and of the columns of products.buyer_facts."""

Values = Mapping[str, int | None]
"""Facts of one buyer by name."""
