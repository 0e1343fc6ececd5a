"""What an API key is: `sk_live_` or `sk_test_` (restricted ones `rk_`), 43 digits of base 62, 6 of checksum.

The digits are 256 random bits, so a fast hash is enough to store; the checksum lets us refuse a mistyped
key without asking the database. Source: CONVENTIONS §1.6.
"""

from __future__ import annotations

import hashlib
import re
import string
import zlib
from typing import Final

from kernel.context import Mode

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE: Final = re.compile(r"((?:sk|rk)_(?:live|test)_[0-9A-Za-z]{43})([0-9A-Za-z]{6})")


def new_key(mode: Mode, bits: int, *, restricted: bool) -> str:
    """The secret of 256 random `bits`; whoever gets it is shown it now, for only its hash is kept."""
    head = f"{'rk' if restricted else 'sk'}_{mode}_{_base62(bits, 43)}"
    return head + _checksum(head)


def key_hash(key: str) -> bytes | None:
    """The SHA-256 that is stored of `key`; None where it cannot be one of ours."""
    shape = _SHAPE.fullmatch(key)
    if shape is None or _checksum(shape[1]) != shape[2]:
        return None
    return hashlib.sha256(key.encode()).digest()


def key_hint(key: str) -> str:
    """What may be shown of a key later: `sk_live_…x9Qd`."""
    return f"{key[:8]}…{key[-4:]}"


def _checksum(head: str) -> str:
    return _base62(zlib.crc32(head.encode()), 6)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text
