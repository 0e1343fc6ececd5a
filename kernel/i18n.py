"""Words in the reader's language: gettext catalogues `app/locale/{zh_CN,en}.po`, read when first needed.

A message id is a dotted name (`error.limit_exceeded.detail`); its text may hold `{placeholders}`.
Every id stands in both files: scripts/i18n_check.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

LOCALES: Final = ("zh-CN", "en")
DEFAULT: Final = "en"
FOLDER: Final = Path(__file__).resolve().parent.parent / "app" / "locale"


def text(locale: str, msgid: str, **params: str | int | bool | None) -> str:
    """The message `msgid` in `locale`; English for a locale not ours, the id itself where nobody wrote it.

    A placeholder without its parameter stays as written: telling an error must not raise one.
    """
    message = catalogue(locale if locale in LOCALES else DEFAULT).get(msgid, msgid)
    return message.format_map(_Params(params)) if "{" in message else message


def negotiate(accept_language: str | None, default: str = DEFAULT) -> str:
    """The best of LOCALES for an Accept-Language header (RFC 9110 §12.5.4).

    `zh-TW;q=0.8, en;q=0.7` gives `zh-CN`.
    """
    return (_negotiated(accept_language) if accept_language else None) or default


@cache
def catalogue(locale: str) -> dict[str, str]:
    """All messages of one of LOCALES. A fuzzy or empty entry counts as not written."""
    with (FOLDER / f"{locale.replace('-', '_')}.po").open("rb") as file:
        return {
            str(message.id): str(message.string)
            for message in read_po(file)
            if message.id and message.string and not message.fuzzy
        }


@lru_cache(maxsize=256)
def _negotiated(accept_language: str) -> str | None:
    ranked = sorted(_ranges(accept_language[:256]), key=lambda item: -item[0])
    for quality, language in ranked:
        for locale in LOCALES:
            if quality > 0 and language == locale.partition("-")[0]:
                return locale
    return None


def _ranges(header: str) -> Iterator[tuple[int, str]]:
    """Quality in thousandths and primary language of each range; what cannot be read is left out."""
    for item in header.split(","):
        tag, _, parameter = item.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        whole, _, decimals = (value.strip() if name.strip() == "q" else "1").partition(".")
        digits = whole + decimals[:3].ljust(3, "0")
        if digits.isdecimal():
            yield int(digits), tag.strip().partition("-")[0].lower()


class _Params(dict[str, str | int | bool | None]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"
