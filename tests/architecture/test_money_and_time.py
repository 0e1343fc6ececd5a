"""Money is whole numbers, and one module asks for the time."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.house import Fault, Rule, Source, dotted, faults, hold, imports, python, read, sql

EXACT: Final = ("kernel", "tenants", "products", "billing")
TECHNICAL: Final = {
    "kernel/metrics.py": {
        "_SECONDS: Final = (0.001,": "buckets of a histogram",
        '"tradeline_job_seconds", "Time a run of a job took"': "buckets of a histogram",
    },
}
"""Lines that may hold a float because it is no money and no rate: path -> how the line begins -> why."""
WORKS_IN_DECIMAL: Final = ("products/rules/lawful.py", "products/rules/rate.py", "products/rules/root.py")
"""Rules that divide `Decimal`s by `/`; elsewhere `/` between whole numbers would make a float."""
CLOCKS: Final = {
    "kernel/clock.py": "the clock",
    "tests/kernel/test_clock.py": "holds the clock against the machine's time",
    "tests/kernel/test_ids.py": "holds the time in an id against the machine's time",
}
"""Who may ask the machine."""
ASKS: Final = (
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.ctime",
    "time.gmtime",
    "time.localtime",
    "time.time",
    "time.time_ns",
)


def no_float(source: Source) -> Iterator[Fault]:
    """No float in kernel, tenants, products, billing: no `1.5`, no `float(…)`, no `: float` but a measured
    `seconds`.

    Way out: minor units and counts are `int`, rates are `Decimal` from text. A wait in seconds or the
    like is written as a whole number, or its line is entered in TECHNICAL with the reason.
    """
    lines = source.text.splitlines()
    measured = {
        id(node.annotation)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.arg) and node.arg == "seconds"
    }
    for node in (node for node in ast.walk(source.tree) if isinstance(node, ast.expr)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        named = isinstance(node, ast.Name) and node.id == "float" and id(node) not in measured
        line = lines[node.lineno - 1].strip()
        if (literal or named) and not line.startswith(tuple(TECHNICAL.get(source.path, ()))):
            yield Fault(node.lineno, f"holds a float: {line}")


def whole_division(source: Source) -> Iterator[Fault]:
    """Rules divide whole numbers by `round_ratio` or `//`, never by `/`, which makes a float.

    Way out: `round_ratio(numerator, denominator)` of kernel/money.py. A file that works in `Decimal` is
    entered in WORKS_IN_DECIMAL.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield Fault(node.lineno, f"divides: {ast.unparse(node)}")


def one_rounding(source: Source) -> Iterator[Fault]:
    """`round_ratio` of kernel/money.py is the one rounding function for money; `round` rounds half to even.

    Way out: keep the exact numerator and denominator until the charge point, then call `round_ratio`.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in (
            "round",
            "math.floor",
            "math.ceil",
            "math.trunc",
        ):
            yield Fault(node.lineno, f"rounds: {ast.unparse(node)}")


def asks_no_time(source: Source) -> Iterator[Fault]:
    """Only kernel/clock.py asks the system for the time; a test tenant's clock could not replace it
    elsewhere.

    Way out: `ctx.now`, `ctx.today`, or `real_now` of kernel/clock.py for tokens, leases and audit.
    `time.monotonic` and `time.perf_counter` measure and are free.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ".".join(dotted(node).split(".")[-2:]) in ASKS:
            yield Fault(node.lineno, f"asks {dotted(node)}")
    for line, name in imports(source):
        if name in ASKS:
            yield Fault(line, f"imports {name}")


def sql_asks_no_date(source: Source) -> Iterator[Fault]:
    """SQL never takes a business date from the server's clock.

    Way out: the date comes in as a parameter or from kernel.tenant_day. An instant for `recorded_at` or a
    lease may be `now()` or `clock_timestamp()`.
    """
    for number, line in enumerate(source.text.lower().splitlines(), 1):
        spoken = line.partition("--")[0]
        for asked in ("current_date", "localtimestamp", "now()::date", "clock_timestamp()::date"):
            if asked in spoken:
                yield Fault(number, f"asks {asked}")


BAD = [
    (no_float, "share = 0.5"),
    (no_float, "amount = float(text)"),
    (no_float, "def f(rate: float) -> int: ..."),
    (no_float, "def f(seconds: int) -> float: ..."),
    (no_float, "def f() -> 'int':\n    return int(1e3)"),
    (whole_division, "half = amount_minor / 2"),
    (whole_division, "amount_minor /= 2"),
    (one_rounding, "minor = round(exact)"),
    (one_rounding, "minor = math.ceil(exact)"),
    (asks_no_time, "from datetime import date\nday = date.today()"),
    (asks_no_time, "import datetime\nat = datetime.datetime.now(datetime.UTC)"),
    (asks_no_time, "import time\nask = time.time"),
    (asks_no_time, "from time import time_ns"),
    (sql_asks_no_date, "WHERE due_on < CURRENT_DATE"),
    (sql_asks_no_date, "VALUES (now()::date)"),
]
GOOD = [
    (no_float, "half = Decimal('0.5')\ntext = 'a float of 1.5'\nfloating = 1"),
    (no_float, "def observe(job: str, seconds: float) -> None: ..."),
    (whole_division, "half = amount_minor // 2"),
    (one_rounding, "minor = round_ratio(exact, 2)"),
    (asks_no_time, "import time\nbegan = time.perf_counter()\nat = real_now()\nday = at.date()"),
    (sql_asks_no_date, "SET recorded_at = now() -- not CURRENT_DATE"),
]


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_sees(rule: Rule, text: str) -> None:
    assert faults(rule, text)


@pytest.mark.parametrize(("rule", "text"), GOOD)
def test_lets_pass(rule: Rule, text: str) -> None:
    assert faults(rule, text) == []


def test_no_float_near_money() -> None:
    hold(no_float, python(*EXACT))


def test_technical_floats_still_stand() -> None:
    """A line that is gone is taken from the list, so that the list stays what it says."""
    for path, beginnings in TECHNICAL.items():
        lines = [line.strip() for line in read(path).text.splitlines()]
        for beginning in beginnings:
            assert any(line.startswith(beginning) for line in lines), f"{path} has no line {beginning}"


def test_rules_divide_whole_numbers() -> None:
    exact = [*python("billing/rules", "products/rules"), read("kernel/money.py")]
    hold(whole_division, [source for source in exact if source.path not in WORKS_IN_DECIMAL])


def test_one_rounding_function() -> None:
    hold(one_rounding, python("products", "billing"))


def test_only_the_clock_asks_the_time() -> None:
    folders = ("kernel", "tenants", "products", "billing", "reports", "app", "bench", "scripts", "tests")
    hold(asks_no_time, [source for source in python(*folders) if source.path not in CLOCKS])


def test_sql_takes_no_date_from_the_server() -> None:
    hold(sql_asks_no_date, [*sql(*EXACT), *python(*EXACT, migrations=True)])
