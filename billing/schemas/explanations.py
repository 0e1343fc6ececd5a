"""Shape of an explanation: each amount as a tree that can be computed again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from billing.explanations import Explanation, Kind
from billing.rules.derivation import Derivation, Op
from billing.rules.statement import LineKind
from billing.schemas.values import Currency, DrawdownId
from kernel.context import Ctx
from kernel.i18n import text


class DerivationBody(msgspec.Struct, kw_only=True):
    """`given`: from an event or the terms. `product`: `base_minor` × `rate_billionths` × `days` of `facts`,
    exact. `rounded`: the sum of `parts` ÷ `denominator`, rounded once. `sum`, `least` of `parts`;
    `difference`: the first less the others. `text` says the rule in the reader's language.
    """

    rule: str
    text: str
    op: Op
    value: int
    denominator: int
    facts: dict[str, str | int]
    parts: Annotated[list[DerivationBody], msgspec.Meta(description="The same, within", examples=[[]])]


class ExplainedBody(msgspec.Struct, kw_only=True):
    """`amount_minor` is charged on the instalment by the end of `as_of`, or paid by the receipt, or stands on
    the statement (no instalment: what happened to the drawdown); `derivation.value` is the same.
    """

    drawdown_id: DrawdownId
    instalment_no: int | None
    kind: Kind | LineKind
    amount_minor: int
    derivation: DerivationBody


class ExplanationBody(msgspec.Struct, kw_only=True):
    """Why each amount is what it is."""

    id: str
    livemode: bool
    currency: Currency
    as_of: date
    amounts: list[ExplainedBody]
    object: Literal["explanation"] = "explanation"


def explanation_body(ctx: Ctx, asked: str, found: Explanation) -> ExplanationBody:
    return ExplanationBody(
        id=asked,
        livemode=ctx.mode == "live",
        currency=found.currency,
        as_of=found.as_of,
        amounts=[
            ExplainedBody(
                drawdown_id=DrawdownId(one.drawdown_id),
                instalment_no=one.instalment_no,
                kind=one.kind,
                amount_minor=one.derivation.value,
                derivation=_node(ctx.locale, one.derivation),
            )
            for one in found.amounts
        ],
    )


def _node(locale: str, node: Derivation) -> DerivationBody:
    return DerivationBody(
        rule=node.rule,
        text=text(locale, f"explain.{node.rule}"),
        op=node.op,
        value=node.value,
        denominator=node.denominator,
        facts=node.facts,
        parts=[_node(locale, part) for part in node.parts],
    )
