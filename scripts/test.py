"""Runs the tests: `./dev test [pytest's arguments]`, two at a time unless told otherwise.

Those marked nightly are left out; `./dev test -m nightly --hypothesis-profile nightly` runs them alone, for
hours.

The last line counts what passed, failed and was skipped, so that a skip is never overlooked.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COUNTED = {"passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped"}


class Count:
    """Counts outcomes as pytest's own summary does; an error beside a test counts as a failure."""

    def __init__(self) -> None:
        self.of = dict.fromkeys(COUNTED.values(), 0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Called once at the end, in the process that gathers the others' results."""
        for outcome, name in COUNTED.items():
            self.of[name] += len(terminalreporter.getreports(outcome))


def main(arguments: list[str]) -> int:
    """Exit code of pytest."""
    count = Count()
    code = pytest.main(["-c", str(ROOT / "pyproject.toml"), "-q", "-n", "2", *arguments], plugins=[count])
    print(f"tests: {count.of['passed']} passed, {count.of['failed']} failed, {count.of['skipped']} skipped")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
