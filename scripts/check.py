"""`./dev check`: style, types, layers, house rules and lock files; a check that passes says one line."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOLDS_CODE = ("kernel", "tenants", "products", "billing", "reports", "app", "bench", "scripts", "tests")


def steps() -> list[tuple[str, list[str]]]:
    """Name and command of each check, cheap ones first; a script that is not there yet is left out."""
    code = [name for name in HOLDS_CODE if any((ROOT / name).rglob("*.py"))]
    optional = [
        (name, [sys.executable, f"scripts/{script}"])
        for name, script in (("OpenAPI", "openapi_check.py"), ("translations", "i18n_check.py"))
        if (ROOT / "scripts" / script).exists()
    ]
    return [
        ("style", [str(BIN / "ruff"), "check", "--quiet", "."]),
        ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        ("lock files", [sys.executable, "scripts/lock_check.py"]),
        ("layers", [str(BIN / "lint-imports"), "--no-logo"]),
        ("types", [str(BIN / "mypy"), "--no-error-summary", *code]),
        *optional,
        ("house rules", [str(BIN / "pytest"), "-q", "tests/architecture"]),
    ]


def main() -> int:
    """0 when all passed; prints what a failed check had to say."""
    failed = []
    for name, command in steps():
        began = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.perf_counter() - began
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({seconds:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"check: {', '.join(failed)} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
