"""Typed ids at the edge: `drw_01K…` in paths and bodies, a UUID inside.

A package declares one class per resource, `class BuyerId(Id, prefix="buy")`, and uses it in its schemas and
routes. In a path what cannot be an id is `not_found`, as a stranger's id is; in a body it is `invalid_id`.
Without Litestar: the command line tells the same ids and does not load it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self
from uuid import UUID

from kernel import ids


class Id:
    """A UUID that is written with its prefix."""

    __slots__ = ("uuid",)
    prefix: ClassVar[str]

    def __init_subclass__(cls, *, prefix: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.prefix = prefix

    def __init__(self, uuid: UUID) -> None:
        self.uuid = uuid

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ids.InvalidId`."""
        return cls(ids.decode(cls.prefix, text))

    def __str__(self) -> str:
        return ids.encode(self.prefix, self.uuid)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.uuid == self.uuid

    def __hash__(self) -> int:
        return hash(self.uuid)


def decode_id(kind: type[Any], value: Any) -> Any:
    """msgspec's hook for types it does not know: ours are ids only."""
    if not issubclass(kind, Id):
        raise NotImplementedError(f"no decoder for {kind}")
    if isinstance(value, kind):
        return value
    try:
        return kind.parse(value)
    except (ids.InvalidId, AttributeError):
        raise ValueError(f"Expected an id {kind.prefix}_…") from None


def is_id(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Id)
