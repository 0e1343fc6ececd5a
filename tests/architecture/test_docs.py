"""Pages for people name files and tests that exist; every decision is on the index."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.architecture.house import Fault, Source, files, hold, read, snippet

NAMED: Final = re.compile(
    r"(?<![\w/.-])((?:kernel|tenants|products|billing|reports|app|tests|bench|docs|scripts|requirements)"
    r"(?:/[\w.-]+)+\.(?:py|sql|md|po|json|toml|txt|sh))(?:::(\w+))?"
)
DECISION: Final = re.compile(r"docs/decisions/(\d{4})-[a-z0-9-]+\.md")


def names_what_exists(text_of: Callable[[str], str | None]) -> Callable[[Source], Iterator[Fault]]:
    """The rule below for a tree whose files `text_of` gives, None where there is none."""

    def names(source: Source) -> Iterator[Fault]:
        """A page names only files and tests that exist, by their path from the checkout.

        Way out: the file was renamed or removed; say where its matter stands now.
        """
        for number, line in enumerate(source.text.splitlines(), 1):
            for path, test in NAMED.findall(line):
                text = text_of(path)
                if text is None:
                    yield Fault(number, f"names {path}, which does not exist")
                elif test and not re.search(rf"^\s*(?:async )?(?:def|class) {test}\b", text, re.MULTILINE):
                    yield Fault(number, f"names {test}, which is not in {path}")

    return names


def unindexed(decisions: list[str], index: str) -> list[str]:
    """Every page in docs/decisions has a number of its own and a line in its README.md.

    Way out: take the next free number; add the line: number, title, one sentence.
    """
    numbers = [match.group(1) for path in decisions if (match := DECISION.fullmatch(path))]
    wrong = [f"{path} is not named NNNN-words.md" for path in decisions if not DECISION.fullmatch(path)]
    wrong += [
        f"number {number} is given twice" for number in sorted(set(numbers)) if numbers.count(number) > 1
    ]
    return wrong + [
        f"{path} is not on the index" for path in decisions if path.rpartition("/")[2] not in index
    ]


TREE: Final = {"billing/x.py": "async def f(): ...", "tests/billing/test_x.py": "def test_y(): ..."}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see `billing/x.py` and tests/billing/test_x.py::test_y.", 0),
        ("see `billing/y.py`", 1),
        ("see tests/billing/test_x.py::test_z", 1),
        ("a word/like.this and example.org/billing/y.py", 0),
    ],
)
def test_sees_a_name_without_file(text: str, found: int) -> None:
    assert len(list(names_what_exists(TREE.get)(snippet(text, "docs/x.md")))) == found


def test_sees_a_decision_without_line() -> None:
    first, second = "docs/decisions/0001-a.md", "docs/decisions/0002-b.md"
    assert unindexed([first, second], "0001-a.md 0002-b.md") == []
    assert unindexed([first, second], "0001-a.md") == [f"{second} is not on the index"]
    assert unindexed([first, "docs/decisions/0001-c.md"], "0001-a.md 0001-c.md") == [
        "number 0001 is given twice"
    ]
    assert unindexed(["docs/decisions/notes.md"], "notes.md")


def test_pages_name_what_exists() -> None:
    pages = [
        read(path)
        for path in files()
        if path == "README.md" or (path.startswith("docs/") and path.endswith(".md"))
        if not path.startswith("docs/reference/")  # they speak of what is to come, too
    ]
    hold(names_what_exists(lambda path: read(path).text if path in files() else None), pages)


def test_decisions_are_on_the_index() -> None:
    index = "docs/decisions/README.md"
    decisions = [path for path in files() if path.startswith("docs/decisions/") and path != index]
    assert unindexed(decisions, read(index).text) == []
