"""Tests mirror the packages: whoever changes a file knows where its tests are."""

from collections.abc import Collection, Mapping
from typing import Final

import pytest

from tests.architecture.house import Source, files, imports, python, snippet, use_cases, within

RULES: Final = ("billing/rules", "products/rules")


def untested_use_cases(cases: Collection[str], tests: Collection[str]) -> list[str]:
    """billing/capture_order.py is tested in tests/billing/test_capture_order.py.

    Way out: write that file: the happy way, each refusal, who may not.
    """
    wanted = {case: f"tests/{case.rpartition('/')[0]}/test_{case.rpartition('/')[2]}" for case in cases}
    return sorted(f"{case} has no {test}" for case, test in wanted.items() if test not in tests)


def untested_rules(rules: Mapping[str, Source], tests: Mapping[str, Source]) -> list[str]:
    """A file under rules/ is imported by a test of its own package's rules, or by a rule that is: then it is
    tested through that one.

    Way out: tests/billing/rules/test_<name>.py, with worked numbers and a property.
    """
    beside = {rule.rpartition("/")[0] for rule in rules}
    reached = {
        name
        for path, test in tests.items()
        if path.startswith(tuple(f"tests/{folder}/" for folder in beside))
        for _, name in imports(test)
    }
    modules = {rule.removesuffix(".py").replace("/", "."): source for rule, source in rules.items()}
    tested: set[str] = set()
    while found := {
        name for name in modules if name not in tested and any(within(r, [name]) for r in reached)
    }:
        tested |= found
        reached = {name for module in found for _, name in imports(modules[module])}
    return sorted(f"{name} is reached by no test of rules" for name in set(modules) - tested)


def test_sees_a_use_case_without_tests() -> None:
    cases = ["billing/cut_limit.py", "tenants/add_buyer.py"]
    assert untested_use_cases(cases, ["tests/tenants/test_add_buyer.py", "tests/billing/test_limit.py"]) == [
        "billing/cut_limit.py has no tests/billing/test_cut_limit.py"
    ]


@pytest.mark.parametrize(
    ("path", "text", "missing"),
    [
        ("tests/billing/rules/test_engine.py", "from billing.rules import fee", ["grid"]),
        ("tests/billing/rules/test_engine.py", "from billing.rules.fee import charge", ["grid"]),
        ("tests/billing/rules/test_engine.py", "from billing.rules import grid", []),
        ("tests/billing/rules/test_engine.py", "from billing.rules import interest", ["fee", "grid"]),
        ("tests/billing/test_commit.py", "from billing.rules import grid", ["fee", "grid"]),
    ],
)
def test_sees_a_rule_without_tests(path: str, text: str, missing: list[str]) -> None:
    rules = {"billing/rules/fee.py": "", "billing/rules/grid.py": "from billing.rules.fee import charge"}
    found = untested_rules(
        {name: snippet(rule, name) for name, rule in rules.items()}, {path: snippet(text, path)}
    )
    assert found == [f"billing.rules.{name} is reached by no test of rules" for name in missing]


def test_use_cases_are_tested() -> None:
    missing = untested_use_cases([source.path for source in use_cases()], files())
    assert not missing, "\n".join([*missing, untested_use_cases.__doc__ or ""])


def test_rules_are_tested() -> None:
    rules = {source.path: source for source in python(*RULES) if source.stem != "__init__"}
    missing = untested_rules(rules, {source.path: source for source in python("tests")})
    assert not missing, "\n".join([*missing, untested_rules.__doc__ or ""])
