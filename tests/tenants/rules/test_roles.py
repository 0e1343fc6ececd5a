"""One vocabulary: declared beside the use cases, granted by roles and scopes, and nowhere else."""

from __future__ import annotations

import ast

import pytest

from tenants.rules.roles import EVERYTHING, OPERATOR, ROLES, VOCABULARY, permissions_of, permissions_of_key
from tests.architecture.house import use_cases

NAMES = "owner admin risk credit_officer operations finance collections salesperson support developer auditor"


def _declared() -> dict[str, set[str]]:
    """Each use case's PERMISSION."""
    found: dict[str, set[str]] = {}
    for source in use_cases():
        for node in source.tree.body:
            if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if isinstance(target, ast.Name) and target.id == "PERMISSION":
                    found.setdefault(str(node.value.value), set()).add(source.path)
    return found


def test_every_use_case_asks_a_word_of_the_vocabulary() -> None:
    declared = _declared()
    assert "buyers:write" in declared
    unknown = {word: paths for word, paths in declared.items() if word not in VOCABULARY | OPERATOR}
    assert unknown == {}


def test_the_operators_words_are_no_tenants() -> None:
    assert not OPERATOR & VOCABULARY
    assert not any(OPERATOR & permissions for permissions in ROLES.values())


def test_roles_are_those_of_the_domain_and_within_the_vocabulary() -> None:
    assert list(ROLES) == NAMES.split()
    assert all(permissions <= VOCABULARY for permissions in ROLES.values())
    assert ROLES["owner"] == VOCABULARY
    assert ROLES["owner"] - ROLES["admin"] == {"owners:write"}
    assert not any(word.endswith(":write") for word in ROLES["auditor"] | ROLES["support"])


def test_roles_add_up() -> None:
    assert permissions_of(()) == frozenset()
    assert permissions_of(("support", "auditor")) == ROLES["support"] | ROLES["auditor"]


@pytest.mark.parametrize(
    ("scopes", "roles", "allowed"),
    [
        ((EVERYTHING,), None, VOCABULARY),
        ((EVERYTHING,), ("support",), ROLES["support"]),
        (("buyers:write",), None, {"buyers:write"}),
        (("buyers:write",), ("support",), frozenset()),
        (("tenants:open", "gone:read"), None, frozenset()),
        ((), ("owner",), frozenset()),
    ],
)
def test_a_key_may_what_scopes_and_roles_allow(
    scopes: tuple[str, ...], roles: tuple[str, ...] | None, allowed: frozenset[str]
) -> None:
    assert permissions_of_key(scopes, roles) == allowed
