"""How a command fails: one line what, one line what to do, on standard error; an exit code for scripts.

1 refused by the business, 2 not understood (Typer's own words), 3 something around us is missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import typer

from kernel.errors import DomainError, FieldProblem, Unavailable
from kernel.i18n import text
from kernel.settings import SettingsError

REFUSED: Final = 1
SURROUNDINGS: Final = 3


class CommandError(Exception):
    """What is wrong with what was asked, and the way out."""

    def __init__(self, message: str, hint: str, *, exit_code: int = REFUSED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def problem(found: FieldProblem) -> dict[str, str]:
    """What is wrong at one place, in words: in an answer that goes on after it."""
    detail = text("en", f"error.{found.code}.detail", **found.params)
    return {"pointer": found.pointer, "code": found.code, "detail": detail}


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Tells the failures that a caller can act on and ends the command; a fault of ours is not caught."""
    try:
        yield
    except DomainError as error:
        _tell(_domain(error), as_json=as_json)
        raise typer.Exit(SURROUNDINGS if isinstance(error, Unavailable) else REFUSED) from error
    except CommandError as error:
        _tell({"message": error.message, "hint": error.hint}, as_json=as_json)
        raise typer.Exit(error.exit_code) from error
    except SettingsError as error:
        problems = [str(problem) for problem in error.problems]
        _tell({"message": "the environment cannot be used", "hint": "", "errors": problems}, as_json=as_json)
        raise typer.Exit(SURROUNDINGS) from error
    except Exception as error:
        if not (hasattr(error, "message") and hasattr(error, "hint")):
            raise
        _tell({"message": error.message, "hint": error.hint}, as_json=as_json)
        raise typer.Exit(SURROUNDINGS) from error


def _domain(error: DomainError) -> dict[str, Any]:
    """In English, as the API would tell it."""
    return {
        "code": error.code,
        "message": text("en", f"error.{error.code}.title"),
        "hint": text("en", f"error.{error.code}.detail", **error.params),
        "params": error.params,
        "errors": [
            f"{found.pointer}: {text('en', f'error.{found.code}.detail', **found.params)}"
            for found in error.errors
        ],
    }


def _tell(problem: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": problem}, ensure_ascii=False), file=sys.stderr)
        return
    code = f" ({problem['code']})" if "code" in problem else ""
    lines = [f"error: {problem['message']}{code}", problem["hint"], *problem.get("errors", [])]
    print("\n  ".join(line for line in lines if line), file=sys.stderr)
