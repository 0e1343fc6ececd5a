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


_ACTIVITY: Final = (
    Fact(
        name="days_since_last_order",
        kind="activity",
        unit="days",
        window_days=0,
        source="orders",
        formula_en="days from the last order's day to D",
        formula_zh="最近一笔订单日至 D 的天数",
        null_en="never ordered",
        null_zh="从未下单",
    ),
    Fact(
        name="months_since_first_order",
        kind="activity",
        unit="months",
        window_days=0,
        source="orders",
        formula_en="whole months from the first order's day to D",
        formula_zh="首笔订单日至 D 的整月数",
        null_en="never ordered",
        null_zh="从未下单",
    ),
    Fact(
        name="orders_90d",
        kind="activity",
        unit="count",
        window_days=90,
        source="orders",
        formula_en="orders in the window",
        formula_zh="窗口内订单数",
    ),
    Fact(
        name="orders_270d",
        kind="activity",
        unit="count",
        window_days=270,
        source="orders",
        formula_en="orders in the window",
        formula_zh="窗口内订单数",
    ),
    Fact(
        name="orders_365d",
        kind="activity",
        unit="count",
        window_days=365,
        source="orders",
        formula_en="orders in the window",
        formula_zh="窗口内订单数",
    ),
    Fact(
        name="active_months_12",
        kind="activity",
        unit="count",
        window_days=0,
        source="orders",
        formula_en="of D's month and the 11 before it, those with an order by D",
        formula_zh="含 D 当月在内的 12 个自然月中，截至 D 有订单的月数",
    ),
    Fact(
        name="median_gap_days_365d",
        kind="activity",
        unit="days",
        window_days=365,
        source="orders",
        formula_en=(
            "median of the days between one day with an order and the next; of two middle ones the smaller"
        ),
        formula_zh="相邻有单日之间天数的中位数；中间有两个时取较小者",
        null_en="fewer than two days with an order in the window",
        null_zh="窗口内有单日少于两天",
    ),
    Fact(
        name="regularity_bp_365d",
        kind="activity",
        unit="bp",
        window_days=365,
        source="orders",
        formula_en="share of those gaps from half to one and a half times their median",
        formula_zh="上述间隔中介于中位数的一半至一倍半之间者所占比例",
        null_en="fewer than three gaps in the window",
        null_zh="窗口内间隔少于三个",
    ),
)

_SCALE: Final = (
    Fact(
        name="purchases_minor_90d",
        kind="scale",
        unit="minor",
        window_days=90,
        source="orders",
        formula_en="orders less returns, each by its own day; never below 0",
        formula_zh="订单额减退货额，各按其发生日；不低于 0",
    ),
    Fact(
        name="purchases_minor_270d",
        kind="scale",
        unit="minor",
        window_days=270,
        source="orders",
        formula_en="orders less returns, each by its own day; never below 0",
        formula_zh="订单额减退货额，各按其发生日；不低于 0",
    ),
    Fact(
        name="purchases_minor_365d",
        kind="scale",
        unit="minor",
        window_days=365,
        source="orders",
        formula_en="orders less returns, each by its own day; never below 0",
        formula_zh="订单额减退货额，各按其发生日；不低于 0",
    ),
    Fact(
        name="average_order_minor_365d",
        kind="scale",
        unit="minor",
        window_days=365,
        source="orders",
        formula_en="amount of all orders ÷ their number, rounded down",
        formula_zh="订单总额 ÷ 订单数，向下取整",
        null_en="no order in the window",
        null_zh="窗口内没有订单",
    ),
    Fact(
        name="trend_bp_90d",
        kind="scale",
        unit="bp",
        window_days=180,
        source="orders",
        formula_en=(
            "(purchases of the last 90 days − those of the 90 days before) ÷ the latter, rounded "
            "down; at most 1,000,000"
        ),
        formula_zh="（近 90 天采购额 − 此前 90 天采购额）÷ 后者，向下取整；最高 1,000,000",
        null_en="no purchases in the 90 days before",
        null_zh="此前 90 天没有采购",
    ),
    Fact(
        name="categories_365d",
        kind="scale",
        unit="count",
        window_days=365,
        source="orders",
        formula_en="different goods categories of order lines; lines without one are left out",
        formula_zh="订单行中不同的商品品类数；无品类的行不计",
    ),
    Fact(
        name="top_category_bp_365d",
        kind="scale",
        unit="bp",
        window_days=365,
        source="orders",
        formula_en="amount of the largest category ÷ amount of all lines with a category, rounded down",
        formula_zh="金额最大的品类 ÷ 全部有品类订单行的金额，向下取整",
        null_en="no amount under a category in the window",
        null_zh="窗口内没有带品类的金额",
    ),
    Fact(
        name="returns_bp_365d",
        kind="scale",
        unit="bp",
        window_days=365,
        source="returns",
        formula_en=("amount returned in the window ÷ amount ordered in it, rounded down; may exceed 10,000"),
        formula_zh="窗口内退货额 ÷ 窗口内订单额，向下取整；可超过 10,000",
        null_en="no order in the window",
        null_zh="窗口内没有订单",
    ),
    Fact(
        name="merchants_365d",
        kind="scale",
        unit="count",
        window_days=365,
        source="orders",
        formula_en="different merchants ordered from; orders without one are left out",
        formula_zh="下单涉及的不同商户数；无商户的订单不计",
    ),
)

_FUND_RETURN: Final = (
    Fact(
        name="due_minor_180d",
        kind="fund_return",
        unit="minor",
        window_days=180,
        source="book",
        formula_en=(
            "principal, interest and fees, less what was waived, of undisputed instalments whose "
            "due date lies in the window"
        ),
        formula_zh="到期日在窗口内、无争议分期的本金、利息与费用（减免除外）",
    ),
    Fact(
        name="repaid_bp_180d",
        kind="fund_return",
        unit="bp",
        window_days=180,
        source="book",
        formula_en="of that amount, what is paid by now, rounded down",
        formula_zh="上述金额中目前已还的比例，向下取整",
        null_en="nothing fell due in the window",
        null_zh="窗口内没有到期款项",
    ),
    Fact(
        name="on_time_bp_180d",
        kind="fund_return",
        unit="bp",
        window_days=180,
        source="book",
        formula_en=(
            "of the undisputed instalments whose grace ran out in the window, the share settled "
            "before that, rounded down"
        ),
        formula_zh="宽限期在窗口内届满的无争议分期中，届满前结清的比例，向下取整",
        null_en="no instalment's grace ran out in the window",
        null_zh="窗口内没有宽限期届满的分期",
    ),
    Fact(
        name="mean_days_late_180d",
        kind="fund_return",
        unit="days",
        window_days=180,
        source="book",
        formula_en=(
            "mean over the same instalments, rounded down: 0 where settled in time, else days "
            "from the due date to settlement, or to D"
        ),
        formula_zh=("同一批分期的平均值，向下取整：按时结清为 0，否则为到期日至结清日（未结清则至 D）的天数"),
        null_en="no instalment's grace ran out in the window",
        null_zh="窗口内没有宽限期届满的分期",
    ),
    Fact(
        name="max_days_past_due_365d",
        kind="fund_return",
        unit="days",
        window_days=365,
        source="book",
        formula_en=(
            "the most days past due that any undisputed instalment had reached on a day of the "
            "window; 0 where none was past due"
        ),
        formula_zh="任一无争议分期在窗口内某日达到的最大逾期天数；从未逾期为 0",
    ),
    Fact(
        name="days_past_due",
        kind="fund_return",
        unit="days",
        window_days=0,
        source="book",
        formula_en=(
            "days past due on D: from the oldest unpaid, undisputed due date whose grace has run out; else 0"
        ),
        formula_zh="D 日逾期天数：自宽限期已过的最早未付、无争议到期日起计；否则为 0",
    ),
    Fact(
        name="outstanding_minor",
        kind="fund_return",
        unit="minor",
        window_days=0,
        source="book",
        formula_en="principal outstanding on all lines",
        formula_zh="所有额度下的未还本金",
    ),
    Fact(
        name="limit_use_bp",
        kind="fund_return",
        unit="bp",
        window_days=0,
        source="book",
        formula_en="(held + outstanding) ÷ limit, over all lines that are not closed, rounded down",
        formula_zh="（冻结 + 未还本金）÷ 额度，按全部未关闭额度合计，向下取整",
        null_en="no open line with a limit above 0",
        null_zh="没有大于 0 的有效额度",
    ),
    Fact(
        name="drawdowns_closed",
        kind="fund_return",
        unit="count",
        window_days=0,
        source="book",
        formula_en="drawdowns that were captured and are closed",
        formula_zh="已提用且已结清的借据数",
    ),
    Fact(
        name="drawdowns_open",
        kind="fund_return",
        unit="count",
        window_days=0,
        source="book",
        formula_en="drawdowns that are captured and not closed",
        formula_zh="已提用且未结清的借据数",
    ),
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in (*_ACTIVITY, *_SCALE, *_FUND_RETURN)}
"""By name, in the order of the page and of the columns of products.buyer_facts."""

Values = Mapping[str, int | None]
"""Facts of one buyer by name."""
