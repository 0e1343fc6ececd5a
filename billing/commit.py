"""How money is written: `commit` sends a decided command to `billing.commit` and tells what came of it.

The command waits in the queue (commit_queue.py) where one runs, and goes straight to the database where none
does; the outcome is the same. `commit_with_retry` decides anew when others were faster.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from billing import commit_queue
from billing.command import Command
from billing.commit_queue import Answer, Sent
from billing.errors import LimitExceeded, LineClosed, LineFrozen, refusal
from kernel.context import Ctx
from kernel.errors import DomainError, NotFound, Stale
from kernel.idempotency import KeyReused, replayed

ATTEMPTS: Final = 3

T = TypeVar("T")


class Committed(msgspec.Struct, frozen=True):
    """A command that holds. `detail`: its result as JSON, with `available_minor` of its first line then."""

    replayed: bool
    detail: bytes

    def result(self, kind: type[T]) -> T:
        """The result as `kind`, the same for a repeat as for the first."""
        return msgspec.json.decode(self.detail, type=kind)


async def commit(ctx: Ctx, command: Command) -> Committed:
    """Writes `command` whole or not at all.

    Raises LimitExceeded, LineFrozen, LineClosed, NotFound, a `Refused` by its code, KeyReused; Stale where it
    was decided on what is no longer so; Unavailable where the outcome is unknown or nothing can be written.
    """
    return _committed(await commit_queue.send(_sent(ctx, command)))


async def commit_with_retry(
    ctx: Ctx,
    decide: Callable[[], Awaitable[Command]],
    *,
    on_stale: Callable[[Stale], Awaitable[None]] | None = None,
) -> Committed:
    """`decide` loads and decides; run again on `stale`, three times in all, then Stale (409, retryable).

    `on_stale` may clear what stood in the way before the next time.
    """
    for _ in range(ATTEMPTS - 1):
        command = await decide()
        try:
            return await commit(ctx, command)
        except Stale as told:
            if on_stale is not None:
                await on_stale(told)
    return await commit(ctx, await decide())


async def commit_many(ctx: Ctx, commands: Sequence[Command]) -> list[str]:
    """Writes commands of one tenant past the queue, for jobs; the outcome of each, in order.

    Raises what befell the first that failed otherwise than by an outcome; those before and after it stand.
    """
    answers = await commit_queue.send_all([_sent(ctx, command) for command in commands])
    outcomes = []
    for answer in answers:
        if isinstance(answer, Stale):
            outcomes.append("stale")
        elif isinstance(answer, Exception):
            raise answer
        else:
            outcomes.append(answer.outcome)
    return outcomes


def _sent(ctx: Ctx, command: Command) -> Sent:
    if command.tenant != ctx.tenant_id:
        raise ValueError("a command belongs to the tenant of its context")
    return Sent(command.tenant, msgspec.json.encode(command))


def _committed(answer: Answer) -> Committed:
    if answer.outcome == "ok":
        return Committed(replayed=False, detail=answer.detail)
    if answer.outcome in ("replayed", "duplicate"):
        replayed.set(True)
        first = msgspec.json.decode(answer.detail, type=_First)
        if first.outcome == "ok":
            return Committed(replayed=True, detail=bytes(first.detail))
        answer = Answer(first.outcome, bytes(first.detail))
    raise _error(answer)


_ERRORS: Final[dict[str, type[DomainError]]] = {
    "stale": Stale,
    "not_found": NotFound,
    "line_closed": LineClosed,
    "line_frozen": LineFrozen,
    "limit_exceeded": LimitExceeded,
    "key_reused": KeyReused,
}


def _error(answer: Answer) -> DomainError:
    if answer.outcome == "refused":
        told = msgspec.json.decode(answer.detail, type=_Refusal)
        return refusal(told.code, told.params)
    return _ERRORS[answer.outcome](**msgspec.json.decode(answer.detail, type=dict[str, Any]))


class _First(msgspec.Struct):
    outcome: str
    detail: msgspec.Raw


class _Refusal(msgspec.Struct):
    code: str
    params: dict[str, Any] = {}
