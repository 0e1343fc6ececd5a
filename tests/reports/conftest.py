"""What paper needs of the machine."""

from __future__ import annotations

import pytest

from reports.errors import PaperNotAvailable
from reports.paper import PACKAGES, pdf


@pytest.fixture
async def drawn() -> None:
    """Skips where no PDF can be drawn."""
    try:
        await pdf("<p>纸</p>")
    except PaperNotAvailable:
        pytest.skip(f"no PDF without {PACKAGES}")
