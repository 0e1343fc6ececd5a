"""With TRADELINE_REQUIRE_ALL=1 (set in CI) a skipped test fails: what CI did not try, it must not call green.

Loaded by `-p tests.support.require_all` in pyproject.toml.
"""

import os
from collections.abc import Generator

import pytest


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    required = os.environ.get("TRADELINE_REQUIRE_ALL") == "1"
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though TRADELINE_REQUIRE_ALL=1: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped by a mark or in its body."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole module skipped, as by `pytest.importorskip`."""
    report = yield
    _fail_if_skipped(report)
    return report
