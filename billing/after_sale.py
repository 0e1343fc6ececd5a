"""What the commands after the sale have in common: load, decide, write, tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from billing import rows
from billing.bring_forward import load_current
from billing.command import Command
from billing.commit import commit_with_retry
from billing.loaded import DrawdownView, view
from billing.rules.decision import Drawdown, Moved, Refusal
from billing.rules.state import Move
from kernel.context import Ctx
from kernel.errors import FieldProblem, Invalid
from products.rules.checks import Problem

Decide = Callable[[Drawdown[UUID]], Moved[UUID] | Refusal]


async def recorded(
    ctx: Ctx, drawdown_id: UUID, kind: Move, topic: str, decide: Decide, *, on: date, **facts: Any
) -> DrawdownView:
    """The drawdown after the decision, under the caller's key; `facts` go to the outbox and the audit.

    Raises NotFound for a stranger's, or the refusal that was decided.
    """

    async def attempt() -> Command:
        loaded = await load_current(ctx, drawdown_id, kind, on=on)
        moved = decide(loaded.drawdown)
        if isinstance(moved, Refusal):
            return rows.refused(ctx, moved)
        draft = rows.Draft()
        rows.moved_on(ctx, draft, loaded, moved)
        rows.told(ctx, draft, topic, loaded, effective_on=on, **facts)
        return rows.command(ctx, draft, view(loaded, moved.after))

    return (await commit_with_retry(ctx, attempt)).result(DrawdownView)


def refuse_fields(**problems: Problem | None) -> None:
    """Raises Invalid, which names each field of the body that has a problem."""
    found = tuple(FieldProblem(f"#/{name}", *problem) for name, problem in problems.items() if problem)
    if found:
        raise Invalid(errors=found)
