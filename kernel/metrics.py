"""Prometheus metrics, summed over all processes where `PROMETHEUS_MULTIPROC_DIR` names a shared folder.

The folder must be in the environment before this module is first imported; app/server.py sees to it.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_COUNTS: Final = (1, 2, 4, 8, 16, 32, 64)

_requests = Counter("tradeline_requests_total", "Requests answered", ["method", "route", "status"])
_request_seconds = Histogram(
    "tradeline_request_seconds", "Time from first to last byte", ["route"], buckets=_SECONDS
)

queue_depth = Gauge(
    "tradeline_commit_queue_depth", "Commands waiting to be committed", multiprocess_mode="livesum"
)
batch_size = Histogram("tradeline_commit_batch_size", "Commands per call of billing.commit", buckets=_COUNTS)
job_runs = Counter("tradeline_job_runs_total", "Finished runs of jobs", ["job", "outcome"])
job_seconds = Histogram(
    "tradeline_job_seconds", "Time a run of a job took", ["job"], buckets=(0.1, 1, 10, 60, 600)
)
day_end_drawdowns = Counter("tradeline_day_end_drawdowns_total", "Drawdowns advanced by day ends")
outbox_events = Counter("tradeline_outbox_events_total", "Outbox events handed on", ["consumer"])


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts one answered request; `route` is a template, never a path with ids."""
    counter, histogram = _children(method, route, status)
    counter.inc()
    histogram.observe(seconds)


def observe_job(job: str, outcome: str, seconds: float) -> None:
    """Counts one finished run of a job; `outcome` is `done` or `failed`."""
    job_runs.labels(job, outcome).inc()
    job_seconds.labels(job).observe(seconds)


@lru_cache(maxsize=2048)
def _children(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _requests.labels(method, route, status), _request_seconds.labels(route)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
