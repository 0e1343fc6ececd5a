"""Lists newest first, by id: which page is asked for, and the envelope round it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from kernel.context import Ctx
from kernel.web import paging


class Identified(Protocol):
    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=Identified)
View = TypeVar("View")


class Asked(msgspec.Struct, frozen=True):
    """One page of one list; a cursor fits only the list with the same filters."""

    url: str
    page: paging.Page

    @property
    def before(self) -> UUID | None:
        return self.page.after.id if self.page.after else None

    @property
    def fetch(self) -> int:
        """One row more than is given, to see whether there are more."""
        return self.page.limit + 1


def asked(ctx: Ctx, path: str, limit: int, cursor: str | None, **filters: object) -> Asked:
    """Raises Invalid for a cursor of another list."""
    given = {name: str(value) for name, value in filters.items() if value is not None}
    url = f"{path}?{urlencode(given)}" if given else path
    return Asked(url, paging.page(ctx.tenant_id, url, limit, cursor))


def listed(ctx: Ctx, of: Asked, rows: Sequence[Row], view: Callable[[Row], View]) -> paging.Listed[View]:
    return paging.page_of(
        rows,
        of.page,
        tenant_id=ctx.tenant_id,
        url=of.url,
        position=lambda row: paging.Position("", row.id),
        view=view,
    )
