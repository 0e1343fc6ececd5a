"""Makes the checkout importable in this environment and writes its `tradeline` command.

Plain files instead of an editable install: no build tool and no network is needed.
"""

import sys
import sysconfig
from pathlib import Path

COMMAND = """#!{python}
import sys

from app.cli import main

sys.exit(main())
"""


def link(root: Path) -> None:
    """Write the path file and the command into the environment that runs this."""
    site = Path(sysconfig.get_path("purelib"))
    (site / "tradeline.pth").write_text(f"{root}\n", encoding="utf-8")
    command = Path(sys.prefix, "bin", "tradeline")
    command.write_text(COMMAND.format(python=sys.executable), encoding="utf-8")
    command.chmod(0o755)


if __name__ == "__main__":
    link(Path(__file__).resolve().parent.parent)
