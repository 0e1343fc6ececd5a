"""Lists: an opaque signed cursor over (sort key, id), a limit, one envelope (CONVENTIONS §1.1).

A query asks for `page.limit + 1` rows after `page.after`; `page_of` keeps `limit` of them and tells
whether there are more.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from kernel.errors import FieldProblem, Invalid

DEFAULT_LIMIT: Final = 20
MOST: Final = 100

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="How many objects, 1 to 100")]
Cursor = Annotated[str | None, QueryParameter(max_length=200, description="`next_cursor` of the page before")]

Row = TypeVar("Row")
View = TypeVar("View")

_MAC_BYTES: Final = 12
_key: bytes | None = None


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The last row given: its sort key, an integer or a text (dates and instants in ISO form), and its id."""

    sort: int | str
    id: UUID


class Page(msgspec.Struct, frozen=True):
    """What a list query is asked for: `limit` rows after `after`, from the start without it."""

    limit: int
    after: Position | None


class Listed(msgspec.Struct, Generic[View], kw_only=True):
    """One page of a list. `next_cursor` leads to the next one, and is null on the last."""

    object: Literal["list"] = "list"
    data: list[View]
    has_more: bool
    next_cursor: str | None
    url: str


def use_cursor_key(key: bytes) -> None:
    """Sets this process's signing key once, at start-up."""
    global _key
    _key = key


def page(tenant_id: UUID, url: str, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page:
    """The page asked for. Raises `Invalid` for a cursor not given out for this list of this tenant."""
    if cursor is None:
        return Page(limit, None)
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if hmac.compare_digest(mac, _mac(tenant_id, url, body)):
            return Page(limit, msgspec.msgpack.decode(body, type=Position))
    except (UnicodeEncodeError, Base64Error):
        pass
    raise Invalid(errors=(FieldProblem("?cursor", "invalid_cursor"),))


def page_of(
    rows: Sequence[Row],
    asked: Page,
    *,
    tenant_id: UUID,
    url: str,
    position: Callable[[Row], Position],
    view: Callable[[Row], View],
) -> Listed[View]:
    """The envelope over `rows`, of which the query has fetched up to `asked.limit + 1`."""
    kept, more = rows[: asked.limit], len(rows) > asked.limit
    cursor = None
    if more:
        body = msgspec.msgpack.encode(position(kept[-1]))
        cursor = urlsafe_b64encode(_mac(tenant_id, url, body) + body).rstrip(b"=").decode()
    return Listed(data=[view(row) for row in kept], has_more=more, next_cursor=cursor, url=url)


def _mac(tenant_id: UUID, url: str, body: bytes) -> bytes:
    if _key is None:
        raise ValueError("no cursor key: call use_cursor_key() at start-up")
    return hmac.digest(_key, tenant_id.bytes + url.encode() + b"\0" + body, sha256)[:_MAC_BYTES]
