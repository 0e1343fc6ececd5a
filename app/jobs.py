"""The timetable of the house itself; each package has its own in its jobs.py."""

from __future__ import annotations

from collections.abc import Sequence

from kernel import log
from kernel.context import Ctx
from kernel.jobs import job
from kernel.outbox_reader import Event
from kernel.seal_audit import seal_audit


@job("kernel.seal_audit", every_seconds=30)
async def seal(ctx: Ctx) -> None:
    """Chains the audit rows that are there for good."""
    await seal_audit(ctx)


async def log_events(events: Sequence[Event]) -> None:
    """The consumer `events`: each event as a log line, so that what happened can be followed from outside."""
    for event in events:
        log.get().debug("event", topic=event.topic, id=str(event.id), tenant=str(event.tenant_id))
