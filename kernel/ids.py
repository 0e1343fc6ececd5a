"""Identifiers: UUIDv7 inside, `drw_01K…` at the edge (CONVENTIONS §1.1).

A prefixed id is the prefix, an underscore and the UUID's 128 bits as 26 digits of Crockford base32, upper
case. Source: RFC 9562 §5.7 (UUIDv7).
Worked number: UUID int 0 with prefix `drw` is `drw_00000000000000000000000000`.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from uuid import UUID

from kernel import clock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [high + low for high in _ALPHABET for low in _ALPHABET]
_DIGITS: Final = 26
# Crockford's digits, lower case and look-alikes too, as Python's base 32; all else becomes no digit.
_CROCKFORD: Final = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_TO_BASE_32: Final = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[_CROCKFORD[c]] if (c := chr(byte).upper()) in _CROCKFORD else 0x21
    for byte in range(128)
).ljust(256, b"!")


class InvalidId(ValueError):
    """The text is not an id of the wanted kind."""


_last = 0


def uuid7() -> UUID:
    """A new time-ordered id; the 48 bits of time are real milliseconds, also for a test tenant.

    One process makes them in order even inside a millisecond, or when its clock is set back: the next one is
    then the last one plus 1 (RFC 9562 §6.2, method 2).
    """
    global _last
    milliseconds = clock.real_milliseconds() & (1 << 48) - 1
    random = secrets.randbits(74)
    high, low = random >> 62, random & (1 << 62) - 1
    _last = max(_last + 1, milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low)
    return UUID(int=_last)


def encode(prefix: str, value: UUID) -> str:
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])}"


def decode(prefix: str, text: str) -> UUID:
    """The UUID behind a prefixed id; `InvalidId` where prefix, length or a digit is off."""
    head, _, body = text.rpartition("_")
    if head != prefix or len(body) != _DIGITS:
        raise InvalidId(text)
    try:
        return UUID(int=int(body.encode("ascii").translate(_TO_BASE_32), 32))
    except ValueError:
        raise InvalidId(text) from None


def digest(*parts: bytes) -> UUID:
    """The first 16 bytes of SHA-256 over length-prefixed parts as a UUID: keys, fingerprints, content ids."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return UUID(bytes=state.digest()[:16])
