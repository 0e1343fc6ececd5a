"""The signed tenant context of ARCHITECTURE §4: `tenant|expiry|key id|mac`, checked by the database in
every policy.

The message is fixed-length: 36 characters of UUID, `|`, 10 digits of Unix seconds, `|`, 1 digit of key
id, `|`, 64 hex digits of SHA-256(key ‖ message up to the last `|`). The alphabet `[0-9a-f|-]` is safe to
quote into `SET LOCAL`. A fixed-length message leaves no room for a length extension of the plain hash.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from kernel import clock

_key: tuple[int, bytes] | None = None


def use_scope_key(key_id: int, key: bytes) -> None:
    """Sets this process's signing key (32 bytes, id 0–9), once at start-up or when keys rotate."""
    if len(key) != 32 or not 0 <= key_id <= 9:
        raise ValueError("a scope key is 32 bytes with an id of one digit")
    global _key
    _key = (key_id, key)


def scope_token(tenant_id: UUID, seconds: int = 60) -> str:
    """A token for `tenant_id`, good for `seconds` from now."""
    if _key is None:
        raise ValueError("no scope key: call use_scope_key() at start-up")
    key_id, key = _key
    message = f"{tenant_id}|{clock.real_seconds() + seconds:010d}|{key_id}"
    return f"{message}|{hashlib.sha256(key + message.encode()).hexdigest()}"
