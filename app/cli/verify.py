"""Verification of books."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from app.cli.commands import across, single
from app.cli.output import further, working
from app.cli.session import context, slugs
from billing.verify_book import VerifyBook, verify_book

app = single()


class Book(msgspec.Struct):
    tenant: str
    drawdowns: int
    clean: bool


class Found(msgspec.Struct):
    """`stored` is what the database has, `expected` what follows from the events."""

    tenant: str
    object: str
    what: str
    stored: str
    expected: str


class Verification(msgspec.Struct):
    books: list[Book]
    differences: list[Found]

    @property
    def failed(self) -> bool:
        return bool(self.differences)


@across(app, "verify")
async def verify(
    tenant: str | None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole book; without: what changed since the last clean one")
    ] = False,
) -> Verification:
    """Replay every drawdown from its events; compare rows, ledger, lines and the audit chain with it.

    Of one tenant, or of all. Changes nothing; ends with 1 where anything differs.
    """
    told = Verification([], [])
    for slug in [tenant] if tenant else await slugs():
        with working(f"{slug}: drawdowns verified") as tell:
            asked = VerifyBook(everything=everything, progress=further(tell))
            verified = await verify_book(await context(slug, None), asked)
        told.books.append(Book(slug, verified.drawdowns, verified.clean))
        told.differences += [
            Found(slug, one.object, one.what, one.stored, one.expected) for one in verified.differences
        ]
    return told
