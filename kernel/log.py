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

from kernel.clock import real_now

Facts = dict[str, str]
Logger = structlog.typing.FilteringBoundLogger

_facts: ContextVar[Facts | None] = ContextVar("log_facts", default=None)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get() -> Logger:
    return _logger


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


def request_line(method: str, route: str, status: int, microseconds: int) -> None:
    """The one line of each request; as JSON it goes without structlog's chain, at a third of its cost."""
    ms = microseconds / 1000
    if not _request_json:
        _logger.info("request", method=method, route=route, status=status, ms=ms)
        return
    line = {
        "event": "request",
        "method": method,
        "route": route,
        "status": status,
        "ms": ms,
        **(_facts.get() or {}),
        "level": "info",
        "timestamp": real_now().isoformat(),
    }
    sys.stderr.write(msgspec.json.encode(line).decode() + "\n")


def configure(level: str, *, human: bool | None = None) -> None:
    """Sets up this process's logging to stderr once; `human` defaults to whether stderr is a terminal.

    Lines of other libraries (uvicorn, asyncio, apscheduler) pass the same way.
    """
    global _logger, _request_json
    human = sys.stderr.isatty() if human is None else human
    last = [_columns()] if human else [structlog.processors.format_exc_info, _as_json]
    _logger = _bound(_Stderr(), level, last)
    _request_json = not human and _LEVELS[level] <= _LEVELS["info"]
    handler = _Handler()
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


def _columns() -> structlog.dev.ConsoleRenderer:
    """Tracebacks come without the values of variables: those may be keys."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


class _Stderr:
    """Whatever stderr is when the line is written: tests replace it."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = msg


class _Handler(logging.Handler):
    """Lines of other libraries, to the same place."""

    def emit(self, record: logging.LogRecord) -> None:
        _Stderr().msg(self.format(record))


def _bound(target: _Stderr, level: str, last: list[Any]) -> Logger:
    """A logger made once: structlog's own lazy one is bound anew for each line."""
    return cast(
        "Logger",
        structlog.wrap_logger(
            target,
            processors=[*_FIRST, *last],
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        ).bind(),
    )


_FIRST: list[structlog.typing.Processor] = [
    _add_facts,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_request_json = False
_logger = _bound(_Stderr(), "info", [_columns()])
