"""A page and its PDF: escaped, fetched from nowhere, drawn apart."""

from __future__ import annotations

import pytest

from reports import paper
from reports.errors import PaperNotAvailable


async def test_a_pdf_has_the_page_in_it(drawn: None) -> None:
    sheet = await paper.pdf("<!doctype html><html lang=zh-CN><title>账单</title><p>纺织品 ¥10,000.00")
    assert sheet.startswith(b"%PDF-")
    assert len(sheet) < 200_000, "only the characters of the page are in it, not the font"


async def test_nothing_is_fetched(drawn: None) -> None:
    """A picture, a style and a file of the machine: none is in the sheet, and nobody is asked."""
    plain = await paper.pdf("<p>x")
    html = (
        '<link rel=stylesheet href="file:///etc/passwd"><img src="http://127.0.0.1:9/a.png">'
        '<img src="file:///etc/hostname"><p>x'
    )
    assert abs(len(await paper.pdf(html)) - len(plain)) < 400


async def test_where_pango_is_missing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "_draw", _cannot)
    with pytest.raises(PaperNotAvailable) as refused:
        await paper.pdf("<p>x")
    assert refused.value.params == {"packages": paper.PACKAGES}


def _cannot(html: str) -> None:
    """A machine without it."""
