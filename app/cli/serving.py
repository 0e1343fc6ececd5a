"""What runs until it is stopped: serve, worker; and migrate, which they do first."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from app.cli.commands import single
from app.cli.failures import told
from kernel import log
from kernel.settings import Settings, load_settings

Host = Annotated[str | None, typer.Option(help="Address to listen on; default TRADELINE_HOST")]
Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="Default TRADELINE_PORT")]
Processes = Annotated[int | None, typer.Option(min=1, max=64, help="Default TRADELINE_PROCESSES")]


apps: Final = {name: single(name) for name in ("serve", "worker", "migrate")}


@apps["serve"].command()
def serve(host: Host = None, port: Port = None, processes: Processes = None) -> None:
    """Serve the API and do the jobs until Ctrl-C or SIGTERM; starts embedded servers where none are named."""
    with told():
        settings = _settings(host=host, port=port, processes=processes)
        from app.server import serve as serve_forever

        typer.echo(f"serving on http://localhost:{settings.port} (Ctrl-C stops)", err=True)
        serve_forever(settings)


@apps["worker"].command()
def worker() -> None:
    """Do the jobs only, beside servers that run elsewhere, until Ctrl-C or SIGTERM."""
    with told():
        asyncio.run(_work(_settings()))


@apps["migrate"].command()
def migrate() -> None:
    """Make roles, schemas and functions, and bring the tables up to date. Doing it again does nothing."""
    with told():
        settings = _settings()
        from kernel.db.roles import prepare_database
        from kernel.serve import start_stack

        with start_stack(settings) as stack:
            asyncio.run(prepare_database(stack.admin_url, stack.secret_key))
        typer.echo("the database is up to date")


def _settings(**given: str | int | None) -> Settings:
    settings = load_settings(os.environ)
    log.configure(settings.log_level)
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


async def _work(settings: Settings) -> None:
    from app.cli.session import prepared
    from app.worker import work

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with prepared(settings) as ready:
        await work(ready, stop)
