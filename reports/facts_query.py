"""The statement that computes all buyer facts: $1 the tenant, $2 the day, $3 the instant.

Each source is read once and folded by buyer and currency; only the folds are joined. Amounts are summed as
numeric and cut to what a bigint holds.
"""

from __future__ import annotations

from typing import Final

from products.rules.facts import FACTS

_ORDERS: Final = """
ordered AS (
    SELECT buyer_id, currency, min(ordered_on) AS first_on, max(ordered_on) AS last_on,
        count(*) FILTER (WHERE ordered_on > $2 - 90) AS orders_90d,
        count(*) FILTER (WHERE ordered_on > $2 - 270) AS orders_270d,
        count(*) FILTER (WHERE ordered_on > $2 - 365) AS orders_365d,
        sum(amount_minor) FILTER (WHERE ordered_on > $2 - 90) AS amount_90d,
        sum(amount_minor) FILTER (WHERE ordered_on > $2 - 180 AND ordered_on <= $2 - 90) AS amount_before,
        sum(amount_minor) FILTER (WHERE ordered_on > $2 - 270) AS amount_270d,
        sum(amount_minor) FILTER (WHERE ordered_on > $2 - 365) AS amount_365d,
        bit_count(bit_or(1 << (this_month - months(ordered_on)))
            FILTER (WHERE this_month - months(ordered_on) < 12)::bit(12)) AS active_months_12
    FROM tenants.trade_order WHERE tenant_id = $1 AND ordered_on <= $2 GROUP BY buyer_id, currency
),
gaps AS MATERIALIZED (
    SELECT buyer_id, currency, ordered_on - before_on AS gap FROM (
        SELECT buyer_id, currency, ordered_on,
            lag(ordered_on) OVER (PARTITION BY buyer_id, currency ORDER BY ordered_on) AS before_on
        FROM (
            SELECT DISTINCT buyer_id, currency, ordered_on FROM tenants.trade_order
            WHERE tenant_id = $1 AND ordered_on <= $2 AND ordered_on > $2 - 365
        ) days
    ) pairs WHERE before_on IS NOT NULL
),
medians AS (
    SELECT buyer_id, currency, count(*) AS gaps, percentile_disc(0.5) WITHIN GROUP (ORDER BY gap) AS median
    FROM gaps GROUP BY buyer_id, currency
),
rhythm AS (
    SELECT buyer_id, currency, max(m.median) AS median, max(m.gaps) AS gaps,
        count(*) FILTER (WHERE 2 * gap BETWEEN m.median AND 3 * m.median) AS regular
    FROM gaps JOIN medians m USING (buyer_id, currency) GROUP BY buyer_id, currency
),
sellers AS (
    SELECT buyer_id, currency, count(*) AS merchants FROM (
        SELECT DISTINCT buyer_id, currency, merchant_id FROM tenants.trade_order
        WHERE tenant_id = $1 AND ordered_on <= $2 AND ordered_on > $2 - 365 AND merchant_id IS NOT NULL
    ) pairs GROUP BY buyer_id, currency
),
goods AS (
    SELECT buyer_id, currency, count(*) AS categories, max(amount_minor) AS largest,
        sum(amount_minor) AS whole
    FROM (
        SELECT o.buyer_id, o.currency, l.category,
            least(sum(l.amount_minor), 9000000000000000000)::bigint AS amount_minor
        FROM tenants.trade_order_line l
        JOIN tenants.trade_order o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
        WHERE l.tenant_id = $1 AND o.tenant_id = $1 AND o.ordered_on <= $2 AND o.ordered_on > $2 - 365
            AND l.category IS NOT NULL
        GROUP BY o.buyer_id, o.currency, l.category
    ) kinds GROUP BY buyer_id, currency
),
returned AS (
    SELECT buyer_id, currency, sum(amount_minor) AS amount_365d,
        sum(amount_minor) FILTER (WHERE returned_on > $2 - 90) AS amount_90d,
        sum(amount_minor) FILTER (WHERE returned_on > $2 - 180 AND returned_on <= $2 - 90) AS amount_before,
        sum(amount_minor) FILTER (WHERE returned_on > $2 - 270) AS amount_270d
    FROM tenants.trade_return WHERE tenant_id = $1 AND returned_on <= $2 AND returned_on > $2 - 365
    GROUP BY buyer_id, currency
)"""
_BOOK: Final = """
rows AS (
    SELECT d.buyer_id, d.currency, i.due_on, i.past_due_on, i.settled_on,
        i.principal_minor + i.interest_minor + i.fee_minor
            - i.principal_waived_minor - i.interest_waived_minor - i.fee_waived_minor AS due_minor,
        i.principal_paid_minor + i.interest_paid_minor + i.fee_paid_minor AS paid_minor,
        i.past_due_on <= $2 AND (i.settled_on IS NULL OR i.settled_on >= i.past_due_on) AS late,
        coalesce(i.settled_on, $2) - i.due_on AS days
    FROM billing.instalment i
    JOIN billing.drawdown d ON d.tenant_id = i.tenant_id AND d.id = i.drawdown_id
    WHERE i.tenant_id = $1 AND d.tenant_id = $1 AND NOT i.disputed AND i.due_on <= $2
        AND (i.settled_on IS NULL OR i.settled_on > $2 - 365 OR i.past_due_on > $2 - 365)
),
repaid AS (
    SELECT buyer_id, currency,
        sum(due_minor) FILTER (WHERE due_on > $2 - 180) AS due_minor,
        sum(paid_minor) FILTER (WHERE due_on > $2 - 180) AS paid_minor,
        count(*) FILTER (WHERE due_minor > 0 AND past_due_on BETWEEN $2 - 179 AND $2) AS judged,
        count(*) FILTER (WHERE due_minor > 0 AND past_due_on BETWEEN $2 - 179 AND $2 AND NOT late) AS in_time,
        sum(days) FILTER (WHERE due_minor > 0 AND past_due_on BETWEEN $2 - 179 AND $2 AND late) AS days_late,
        max(days) FILTER (WHERE late) AS worst,
        max(days) FILTER (WHERE late AND settled_on IS NULL) AS days_past_due
    FROM rows GROUP BY buyer_id, currency
),
drawn AS (
    SELECT buyer_id, currency, count(*) FILTER (WHERE status = 'closed') AS closed,
        count(*) FILTER (WHERE status = 'captured') AS open
    FROM billing.drawdown WHERE tenant_id = $1 GROUP BY buyer_id, currency
),
used AS (
    SELECT buyer_id, currency, sum(outstanding_minor) AS outstanding_minor,
        sum(held_minor + outstanding_minor) FILTER (WHERE status <> 'closed') AS used_minor,
        sum(limit_minor) FILTER (WHERE status <> 'closed') AS limit_minor
    FROM billing.line WHERE tenant_id = $1 GROUP BY buyer_id, currency
)"""
_KEYS: Final = """
keys AS (
    SELECT b.id AS buyer_id, p.currency FROM tenants.buyer b
    CROSS JOIN (SELECT DISTINCT currency FROM products.programme WHERE tenant_id = $1) p
    WHERE b.tenant_id = $1
    UNION SELECT buyer_id, currency FROM ordered
    UNION SELECT buyer_id, currency FROM returned
    UNION SELECT buyer_id, currency FROM used
),
net AS (
    SELECT buyer_id, currency,
        greatest(coalesce(o.amount_90d, 0) - coalesce(r.amount_90d, 0), 0) AS net_90d,
        greatest(coalesce(o.amount_before, 0) - coalesce(r.amount_before, 0), 0) AS net_before,
        greatest(coalesce(o.amount_270d, 0) - coalesce(r.amount_270d, 0), 0) AS net_270d,
        greatest(coalesce(o.amount_365d, 0) - coalesce(r.amount_365d, 0), 0) AS net_365d
    FROM keys LEFT JOIN ordered o USING (buyer_id, currency) LEFT JOIN returned r USING (buyer_id, currency)
)"""

_MOST: Final = {"trend_bp_90d": 1_000_000}
"""Where a fact ends before a bigint does."""
_MONTHS: Final = "(extract(year FROM {day})::integer * 12 + extract(month FROM {day})::integer)"

_VALUE: Final = {
    "days_since_last_order": "$2 - o.last_on",
    "months_since_first_order": "{this_month} - {first_month} - "
    "(extract(day FROM $2::date) < extract(day FROM o.first_on))::integer",
    "orders_90d": "coalesce(o.orders_90d, 0)",
    "orders_270d": "coalesce(o.orders_270d, 0)",
    "orders_365d": "coalesce(o.orders_365d, 0)",
    "active_months_12": "coalesce(o.active_months_12, 0)",
    "median_gap_days_365d": "h.median",
    "regularity_bp_365d": "CASE WHEN h.gaps >= 3 THEN h.regular * 10000 / h.gaps END",
    "purchases_minor_90d": "n.net_90d",
    "purchases_minor_270d": "n.net_270d",
    "purchases_minor_365d": "n.net_365d",
    "average_order_minor_365d": "div(o.amount_365d, nullif(o.orders_365d, 0))",
    "trend_bp_90d": "div(n.net_90d * 10000, nullif(n.net_before, 0)) - 10000",
    "categories_365d": "coalesce(g.categories, 0)",
    "top_category_bp_365d": "div(g.largest::numeric * 10000, nullif(g.whole, 0))",
    "returns_bp_365d": "div(coalesce(r.amount_365d, 0) * 10000, o.amount_365d)",
    "merchants_365d": "coalesce(s.merchants, 0)",
    "due_minor_180d": "coalesce(p.due_minor, 0)",
    "repaid_bp_180d": "div(p.paid_minor * 10000, nullif(p.due_minor, 0))",
    "on_time_bp_180d": "p.in_time * 10000 / nullif(p.judged, 0)",
    "mean_days_late_180d": "coalesce(p.days_late, 0) / nullif(p.judged, 0)",
    "max_days_past_due_365d": "coalesce(p.worst, 0)",
    "days_past_due": "coalesce(p.days_past_due, 0)",
    "outstanding_minor": "coalesce(u.outstanding_minor, 0)",
    "limit_use_bp": "div(u.used_minor * 10000, nullif(u.limit_minor, 0))",
    "drawdowns_closed": "coalesce(d.closed, 0)",
    "drawdowns_open": "coalesce(d.open, 0)",
}
"""Each fact of its buyer's folds."""


def _with_months(text: str) -> str:
    this, ordered = _MONTHS.format(day="$2::date"), _MONTHS.format(day="ordered_on")
    return text.replace("this_month", this).replace("months(ordered_on)", ordered)


def _column(name: str) -> str:
    value = _VALUE[name].replace("{this_month}", _MONTHS.format(day="$2::date"))
    value = value.replace("{first_month}", _MONTHS.format(day="o.first_on"))
    most = _MOST.get(name, 9 * 10**18)
    return f"(CASE WHEN {value} > {most} THEN {most} ELSE {value} END)::bigint AS {name}"


def _typed(text: str) -> str:
    """`$2` is a date wherever it stands."""
    return text.replace("$2::date", "$2").replace("$2", "$2::date")


_NAMES: Final = ", ".join(FACTS)
COMPUTE: Final = _typed(
    f"""
WITH {_with_months(_ORDERS)}, {_BOOK}, {_KEYS}
INSERT INTO products.buyer_facts (tenant_id, buyer_id, currency, as_of_on, computed_at, {_NAMES})
SELECT $1, buyer_id, currency, $2, $3, {", ".join(_column(name) for name in FACTS)}
FROM keys
LEFT JOIN net n USING (buyer_id, currency)
LEFT JOIN ordered o USING (buyer_id, currency)
LEFT JOIN rhythm h USING (buyer_id, currency)
LEFT JOIN sellers s USING (buyer_id, currency)
LEFT JOIN goods g USING (buyer_id, currency)
LEFT JOIN returned r USING (buyer_id, currency)
LEFT JOIN repaid p USING (buyer_id, currency)
LEFT JOIN drawn d USING (buyer_id, currency)
LEFT JOIN used u USING (buyer_id, currency)
ON CONFLICT (tenant_id, buyer_id, currency) DO UPDATE SET as_of_on = excluded.as_of_on,
    computed_at = excluded.computed_at, {", ".join(f"{name} = excluded.{name}" for name in FACTS)}"""
)
