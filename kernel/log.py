"""Structured log lines: JSON for machines, columns on a terminal; each with its request's or job's facts.

`facts` are set once by the door (request id) and filled in as more is known (tenant, actor).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import msgspec
import structlog

Facts = dict[str, str]

_facts: ContextVar[Facts | None] = ContextVar("log_facts", default=None)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get() -> structlog.typing.FilteringBoundLogger:
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger())


@contextmanager
def facts(values: Facts) -> Iterator[Facts]:
    """Every line within carries `values`, also what is put into them later."""
    token = _facts.set(values)
    try:
        yield values
    finally:
        _facts.reset(token)


def note(**values: str) -> None:
    """Adds to the facts of the request or job at hand, if there is one."""
    if (current := _facts.get()) is not None:
        current.update(values)


def configure(level: str, *, human: bool | None = None) -> None:
    """Sets up this process's logging to stderr once; `human` defaults to whether stderr is a terminal.

    Lines of other libraries (uvicorn, asyncio, apscheduler) pass the same way.
    """
    last = _last_processors(human=sys.stderr.isatty() if human is None else human)
    structlog.configure(
        processors=[*_FIRST, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_FIRST,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(_LEVELS[level], logging.INFO), force=True)
    for chatty in ("apscheduler", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _add_facts(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if current := _facts.get():
        event.update(current)
    return event


def _last_processors(*, human: bool) -> list[structlog.typing.Processor]:
    """Tracebacks come without the values of variables: those may be keys."""
    if human:
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [structlog.processors.format_exc_info, _as_json]


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


_FIRST: list[structlog.typing.Processor] = [
    _add_facts,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(processors=[*_FIRST, *_last_processors(human=True)])
