"""One way to paper: a template and values become a page, and the page a PDF.

The page and the PDF are the same HTML. It is drawn by WeasyPrint in processes of its own, never in the loop
that serves requests; nothing is fetched from anywhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernel.i18n import text
from reports import wording
from reports.errors import PaperNotAvailable, PaperTooSlow

FOLDER: Final = Path(__file__).resolve().parent / "templates"
PACKAGES: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"
"""What a Debian machine needs for it; scripts/install-system brings them."""

_PROCESSES: Final = 2
_SHEETS_A_PROCESS: Final = 200
"""Then a new one: WeasyPrint's memory grows."""
_PATIENCE_SECONDS: Final = 60


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, locale: str, **values: Any) -> str:
    """The HTML of a template in one of the two languages; every value is escaped."""
    return (
        _environment()
        .get_template(template)
        .render(
            locale=locale,
            t=partial(text, locale),
            amount=partial(wording.amount, locale),
            money=partial(wording.money, locale),
            day=partial(wording.day, locale),
            style=(FOLDER / "paper.css").read_text(encoding="utf-8"),
            **values,
        )
    )


async def pdf(html: str) -> bytes:
    """Raises PaperNotAvailable, PaperTooSlow."""
    drawn = asyncio.get_running_loop().run_in_executor(_pool(), _draw, html)
    try:
        sheet = await asyncio.wait_for(drawn, _PATIENCE_SECONDS)
    except TimeoutError:
        raise PaperTooSlow from None
    if sheet is None:
        raise PaperNotAvailable(packages=PACKAGES)
    return sheet


@cache
def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        _PROCESSES,
        mp_context=get_context("spawn"),
        initializer=_end_with,
        initargs=(os.getpid(),),
        max_tasks_per_child=_SHEETS_A_PROCESS,
    )


def put_away() -> None:
    """Ends the drawing processes once they are done; the next sheet begins with new ones."""
    _pool().shutdown()
    _pool.cache_clear()


def _end_with(parent: int) -> None:
    """A killed parent leaves nobody behind."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _draw(html: str) -> bytes | None:
    """In a process of its own. None: this machine cannot."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError:
        return None
    if not _has_chinese():
        return None
    drawn: bytes = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(pdf_tags=True)
    return drawn


@cache
def _has_chinese() -> bool:
    """Whether some font has Chinese in it: a sheet of empty boxes is no sheet."""
    if shutil.which("fc-list") is None:
        return False
    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, check=False)
    return bool(found.stdout.strip())
