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


def untested_rules(rules: Collection[str], tests: Mapping[str, Source]) -> list[str]:
    """A file under rules/ is imported by a test of its own package's rules.

    Way out: tests/billing/rules/test_<name>.py, with worked numbers and a property.
    """
    missing = []
    for rule in rules:
        module = rule.removesuffix(".py").replace("/", ".")
        beside = [
            test for path, test in tests.items() if path.startswith(f"tests/{rule.rpartition('/')[0]}/")
        ]
        own = f"tests/{rule.rpartition('/')[0]}/test_{rule.rpartition('/')[2]}"
        if own not in tests and not any(
            within(name, [module]) for test in beside for _, name in imports(test)
        ):
            missing.append(f"{rule} is used by no test under tests/{rule.rpartition('/')[0]}")
    return sorted(missing)


def test_sees_a_use_case_without_tests() -> None:
    cases = ["billing/cut_limit.py", "tenants/add_buyer.py"]
    assert untested_use_cases(cases, ["tests/tenants/test_add_buyer.py", "tests/billing/test_limit.py"]) == [
        "billing/cut_limit.py has no tests/billing/test_cut_limit.py"
    ]


@pytest.mark.parametrize(
    ("path", "text", "missing"),
    [
        ("tests/billing/rules/test_engine.py", "from billing.rules import fee", 0),
        ("tests/billing/rules/test_engine.py", "from billing.rules.fee import charge", 0),
        ("tests/billing/rules/test_fee.py", "from billing import rules", 0),
        ("tests/billing/rules/test_engine.py", "from billing.rules import interest", 1),
        ("tests/billing/test_commit.py", "from billing.rules import fee", 1),
    ],
)
def test_sees_a_rule_without_tests(path: str, text: str, missing: int) -> None:
    assert len(untested_rules(["billing/rules/fee.py"], {path: snippet(text, path)})) == missing


def test_use_cases_are_tested() -> None:
    missing = untested_use_cases([source.path for source in use_cases()], files())
    assert not missing, "\n".join([*missing, untested_use_cases.__doc__ or ""])


def test_rules_are_tested() -> None:
    rules = [source.path for source in python(*RULES) if source.stem != "__init__"]
    missing = untested_rules(rules, {source.path: source for source in python("tests")})
    assert not missing, "\n".join([*missing, untested_rules.__doc__ or ""])
