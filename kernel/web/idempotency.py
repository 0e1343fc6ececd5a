"""The Idempotency-Key header, exactly as CONVENTIONS §1.2 says: one effect for any number of equal requests.

The key itself is never stored, only its digest; the fingerprint is the digest of what was asked, so that
the same key with another request is told apart (`key_reused`).
Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kernel import ids
from kernel.context import IdempotencyKey
from kernel.errors import Unreadable
from kernel.web.errors import IdempotencyKeyInvalid, IdempotencyKeyMissing
from kernel.web.frame import API_VERSION

LONGEST: Final = 255


def parse(header: bytes | None) -> str | None:
    """The key in a header: an RFC 8941 string (`"8e03…"`), or bare as many clients send it; None without one.

    Raises `IdempotencyKeyInvalid` unless it is 1 to 255 printable ASCII characters.
    """
    if header is None:
        return None
    value = header.strip(b" \t")
    text = _unquoted(value[1:-1]) if len(value) > 1 and value[:1] == value[-1:] == b'"' else value
    if not 1 <= len(text) <= LONGEST or (text is value and b'"' in value) or not _printable(text):
        raise IdempotencyKeyInvalid
    return text.decode("ascii")


def key_of(
    header: bytes | None, method: str, path: str, body: bytes, *, required: bool
) -> IdempotencyKey | None:
    """The digests for one request. Raises IdempotencyKeyMissing where `required`, Unreadable for bad JSON."""
    text = parse(header)
    if text is None:
        if required:
            raise IdempotencyKeyMissing
        return None
    asked = (method.encode(), path.encode(), canonical(body), API_VERSION.encode())
    return IdempotencyKey(ids.digest(text.encode()), ids.digest(*asked))


def canonical(body: bytes) -> bytes:
    """`body` with sorted keys and no spaces: two spellings of one JSON value are one request."""
    if not body:
        return b""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None


def _unquoted(inner: bytes) -> bytes:
    r"""RFC 8941 §3.3.3: inside the quotes only `\"` and `\\` are escapes, and neither stands bare."""
    out, escaped = bytearray(), False
    for byte in inner:
        if escaped:
            if byte not in b'"\\':
                raise IdempotencyKeyInvalid
            out.append(byte)
            escaped = False
        elif byte == 0x5C:
            escaped = True
        elif byte == 0x22:
            raise IdempotencyKeyInvalid
        else:
            out.append(byte)
    if escaped:
        raise IdempotencyKeyInvalid
    return bytes(out)


def _printable(text: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E for byte in text)
