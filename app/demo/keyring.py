"""HOME/demo.json: the demo's API keys, so that a restart can print them again.

An API key is shown once and stored nowhere in the product; these are for trying out, in a file that only
its owner may read.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec

from app.demo.errors import DemoError
from kernel.clock import real_now
from kernel.context import Ctx
from kernel.db.scope import unscoped
from tenants.issue_key import IssueKey, issue_key
from tenants.queries import find_key

FILE = "demo.json"


class _Kept(msgspec.Struct):
    """Secrets of keys by the tenant's slug."""

    keys: dict[str, str] = {}


class Keyring:
    """Raises DemoError for a file that is not one of ours."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        try:
            self._kept = msgspec.json.decode(self.path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            self._kept = _Kept()
        except msgspec.DecodeError as error:
            raise DemoError(
                f"{self.path} is damaged: {error}", "remove it: new keys will be issued"
            ) from error

    def keep(self, slug: str, secret: str) -> None:
        """Whole or not at all, readable by its owner only."""
        self._kept.keys[slug] = secret
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self._kept)) + b"\n")
        Path(half).replace(self.path)

    async def key_of(self, owner: Ctx, slug: str) -> str:
        """The kept key of the tenant if it still opens it; else a new one, kept from now on."""
        secret = self._kept.keys.get(slug)
        if secret is not None:
            async with unscoped() as tx:
                found = await find_key(tx, secret)
            if found and found.tenant_id == owner.tenant_id and found.usable(real_now()):
                return secret
        issued = await issue_key(owner, IssueKey(name="demo"))
        assert issued.secret is not None
        self.keep(slug, issued.secret)
        return issued.secret
