"""Every error code and every rule of an explanation has its words in every language, and no word is there
that nobody says.

Codes come from all DomainError classes and from the literals in calls of FieldProblem, Refusal and Problem
(and from pairs `"code", {...}` in rules, which become one). Placeholders are the same in all languages, and
each is filled wherever the parameters stand beside the code.
"""

import ast
import importlib
import pkgutil
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from billing.rules import explain, explain_allocation, statement  # noqa: E402
from billing.rules.standing import WHENS  # noqa: E402
from kernel.errors import DomainError  # noqa: E402
from kernel.i18n import FOLDER, LOCALES, catalogue  # noqa: E402
from kernel.web.problems import KINDS  # noqa: E402
from reports import paper, statement_paper  # noqa: E402

PACKAGES: Final = ("kernel", "tenants", "products", "billing", "reports", "app")
CODE_AT: Final = {"FieldProblem": 1, "Refusal": 0, "Problem": 0}
_ON_PAPER: Final = re.compile(r't\("([a-z_.]+[a-z_])"[,)]')
_CODE: Final = re.compile(r"[a-z][a-z0-9_]+")


class Said(NamedTuple):
    """A code, where it is said, and the names of its parameters where they stand beside it."""

    code: str
    place: str
    params: frozenset[str] | None


def classes(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """All error classes that have a code of their own."""
    for below in kind.__subclasses__():
        if "code" in vars(below) and below.__module__.partition(".")[0] in PACKAGES:
            yield below
        yield from classes(below)


def load_all() -> None:
    """Imports every module, so that every error class exists."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "piccolo_migrations" not in found.name and not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def literals(path: Path) -> Iterator[Said]:
    """The codes that a file says in its own text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODE_AT:
            at = CODE_AT[node.func.id]
            if len(node.args) > at:
                params = names(node.args[at + 1]) if len(node.args) > at + 1 else frozenset()
                yield from (Said(code, place, params) for code in texts(node.args[at]))
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict):
            yield from (Said(code, place, names(node.elts[1])) for code in texts(node.elts[0]))


def texts(node: ast.expr) -> Iterator[str]:
    """The text of a literal; both where one of two is chosen."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
        yield node.value


def names(node: ast.expr) -> frozenset[str] | None:
    """The keys of a literal mapping; None where they cannot be read from the text."""
    if not isinstance(node, ast.Dict):
        return None
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    return None if None in keys else frozenset(str(key) for key in keys)


def on_paper() -> Iterator[tuple[str, str]]:
    """What templates say, and what they say of each kind; with its place."""
    for path in sorted(paper.FOLDER.glob("*.html")):
        for msgid in _ON_PAPER.findall(path.read_text(encoding="utf-8")):
            yield msgid, f"reports/templates/{path.name}"
    for kind in statement.KINDS:
        yield f"paper.statement.kind.{kind}", "reports/templates/statement.html"
    for when in WHENS:
        yield f"paper.statement.when.{when}", "reports/templates/statement.html"
    for _, name in statement_paper.SUMS:
        yield f"paper.statement.sum.{name}", "reports/statement_paper.py"


def placeholders(message: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(message) if name is not None)


def faults() -> Iterator[str]:
    """What is missing, left over, or does not fit together."""
    load_all()
    said = [Said(code, "kernel/web/problems.py", frozenset(form.groupindex)) for code, form in KINDS]
    said += [Said(kind.code, f"{kind.__module__}.{kind.__name__}", None) for kind in classes()]
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            said += literals(path)
    wanted = {f"error.{code}.{part}": place for code, place, _ in said for part in ("title", "detail")}
    wanted |= {f"explain.{rule}": "billing/rules/explain.py" for rule in explain.RULES}
    wanted |= {f"explain.{rule}": "billing/rules/explain_allocation.py" for rule in explain_allocation.RULES}
    wanted |= {f"explain.statement.{kind}": "billing/explanations.py" for kind in statement.EXPLAINED}
    wanted |= dict(on_paper())
    first = catalogue(LOCALES[0])
    for locale in LOCALES:
        messages = catalogue(locale)
        for msgid in sorted(wanted.keys() - messages.keys()):
            yield f"{locale}: {msgid} is missing, said at {wanted[msgid]}"
        for msgid in sorted(messages.keys() - wanted.keys()):
            yield f"{locale}: {msgid} is said by nobody"
        for msgid in sorted(messages.keys() & first.keys()):
            if placeholders(messages[msgid]) != placeholders(first[msgid]):
                yield f"{locale}: {msgid} has other placeholders than {LOCALES[0]}"
    for code, place, params in said:
        used = placeholders(first.get(f"error.{code}.detail", ""))
        if params is not None and used - params:
            yield f"{place}: {code} does not fill {', '.join(sorted(used - params))}"


if __name__ == "__main__":
    found = sorted(set(faults()))
    print("\n".join(found) or f"{len(LOCALES)} languages in {FOLDER.relative_to(ROOT)} are whole")
    sys.exit(bool(found))
