"""What the database may do to us, told in our own errors."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from kernel.errors import DomainError, Stale, Unavailable

_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
_CLOSED: Final = ("connection is closed", "pool is clos", "released back to the pool")
"""A pool takes a connection that was cut off back at once, while its user still holds it."""
_COLLIDED: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def domain_error(error: BaseException) -> DomainError | None:
    """What a database failure means to a caller; None for an error that is a fault of ours.

    `Unavailable`: server or network away, full, or shutting down; the outcome of a COMMIT that met it is
    unknown. `Stale`: another transaction got in between; the same request may be sent again.
    """
    if isinstance(error, _COLLIDED):
        return Stale()
    if isinstance(error, _AWAY):
        return Unavailable()
    if isinstance(error, asyncpg.InterfaceError) and any(words in str(error) for words in _CLOSED):
        return Unavailable()
    if isinstance(error, asyncpg.InternalClientError) and "cannot switch to state" in str(error):
        return Unavailable()  # the connection was cut while it was being cleaned for the next user
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Failures of the database inside leave as `Unavailable` or `Stale`, with the failure as cause."""
    try:
        yield
    except Exception as error:
        ours = domain_error(error)
        if ours is None:
            raise
        raise ours from error
