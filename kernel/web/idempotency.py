"""The Idempotency-Key header, exactly as CONVENTIONS §1.2 says: one effect for any number of equal requests.

The key itself is never stored, only its digest; the fingerprint is the digest of what was asked, so that
the same key with another request is told apart (`key_reused`).
Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from kernel import ids
from kernel.context import IdempotencyKey
from kernel.errors import Unreadable
from kernel.web.errors import IdempotencyKeyInvalid, IdempotencyKeyMissing
from kernel.web.frame import API_VERSION

LONGEST: Final = 255
# Bare: printable ASCII without quotes. Quoted (RFC 8941 §3.3.3): quote and backslash stand escaped only.
_KEY: Final = re.compile(rb"""[ \t]*(?:([!#-~](?:[ !#-~]*[!#-~])?)|"((?:[ !#-\[\]-~]|\\["\\])*)")[ \t]*""")
_ESCAPE: Final = re.compile(rb"""\\(["\\])""")


def parse(header: bytes | None) -> bytes | None:
    """The key in a header: an RFC 8941 string (`"8e03…"`), or bare as many clients send it; None without one.

    Raises `IdempotencyKeyInvalid` unless it is 1 to 255 printable ASCII characters.
    """
    if header is None:
        return None
    found = _KEY.fullmatch(header)
    if found is None:
        raise IdempotencyKeyInvalid
    bare, quoted = found.groups()
    text = bare or _ESCAPE.sub(rb"\1", quoted)
    if not 1 <= len(text) <= LONGEST:
        raise IdempotencyKeyInvalid
    return text


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
    return IdempotencyKey(ids.digest(text), ids.digest(*asked))


def canonical(body: bytes) -> bytes:
    """`body` with sorted keys and no spaces: two spellings of one JSON value are one request.

    A number beyond all bounds stays as it is written: whoever reads the body refuses it and tells its place.
    """
    if not body:
        return b""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except msgspec.ValidationError:
        return body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
