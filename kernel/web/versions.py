"""Changing only what one has seen: ETag and If-Match over an object's version (CONVENTIONS §1.7)."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from litestar import Response

from kernel.web.errors import IfMatchInvalid, IfMatchMissing
from kernel.web.request import ApiRequest

V = TypeVar("V")

_TAG: Final = re.compile(r'"v([1-9][0-9]{0,17})"')


def expected_version(request: ApiRequest) -> int:
    """The version in If-Match. Raises IfMatchMissing (428), IfMatchInvalid (412)."""
    given = request.headers.get("if-match")
    if given is None:
        raise IfMatchMissing
    tag = _TAG.fullmatch(given.strip())
    if tag is None:
        raise IfMatchInvalid
    return int(tag[1])


def tagged(view: V, version: int) -> Response[V]:
    """`view` with its version as ETag, to be sent back in If-Match."""
    return Response(view, headers={"ETag": f'"v{version}"'})
