"""`tradeline demo`: example platforms with a story in them, made by the real use cases, and served."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.commands import single
from app.cli.failures import told
from app.demo.errors import DemoError
from app.demo.orders.summary import table
from app.demo.run import Played, play_demo
from app.progress import Stages
from kernel import ids, log
from kernel.settings import Settings, load_settings

INTERRUPTED: Final = 130

app: Final = single()


@app.command()
def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the embedded data first")] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Do not serve: print a JSON summary and stop")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON")] = False,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="FILE", help="One more platform, from a real order file (Parquet)"),
    ] = None,
) -> None:
    """Open two example platforms with three simulated months in their test tenants, and serve them.

    What stands already is found again; what was interrupted goes on. --orders runs the orders of a file
    (docs/real-orders.md) as one more platform.
    """
    at_first = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with told(as_json=as_json):
            settings = load_settings(os.environ)
            if not no_serve:
                _refuse_taken_port(settings)
            stages = Stages()
            with play_demo(settings, orders=orders, fresh=fresh, stages=stages) as played:
                if "source" in played.summary:
                    stages.show(table(played.summary))
                as_json = as_json or no_serve or (context.obj or {}).get("as_json", False)
                summary = json.dumps(played.summary, indent=2, ensure_ascii=False)
                typer.echo(summary if as_json else _welcome(settings, played))
                if not no_serve:
                    _serve(settings)
    except KeyboardInterrupt:
        typer.echo("stopped; the next ./dev demo goes on from here", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, at_first)


def _serve(settings: Settings) -> None:
    from app.server import serve

    log.configure(settings.log_level)
    serve(settings)


def _refuse_taken_port(settings: Settings) -> None:
    """Before the work, not after it."""
    try:
        socket.create_server((settings.host, settings.port)).close()
    except OSError as taken:
        raise DemoError(
            f"cannot listen on {settings.host}:{settings.port}: {os.strerror(taken.errno or 0)}",
            "stop what uses the port, or choose another with TRADELINE_PORT",
        ) from taken


def _welcome(settings: Settings, played: Played) -> str:
    """Where it is, its keys, what to try, how to stop."""
    url = f"http://localhost:{settings.port}"
    example = played.example
    order = {
        "line_id": ids.encode("lin", example.line_id),
        "merchant_id": ids.encode("mer", example.workspace.merchant_ids[0]),
        "amount_minor": 128_800,
        "currency": "CNY",
    }
    keys = [f"  {one.slug:<30} {one.key}" for one in played.workspaces]
    tenant = example.workspace.slug
    return "\n".join(
        [
            "",
            f"Tradeline at {url}   ({played.summary['simulated']})",
            f"  {url}/openapi.json   what the API can do",
            f"  {url}/readyz         whether it is ready",
            "",
            f"API keys, kept for the next start in {played.summary['keys_file']} (readable by you only):",
            *keys,
            "",
            "Try, in another terminal:",
            f"  curl -s {url}/v1/drawdowns -H 'Authorization: Bearer {example.workspace.key}' \\",
            "    -H 'Idempotency-Key: \"try-1\"' -H 'Content-Type: application/json' \\",
            f"    -d '{json.dumps(order)}'",
            f"  .venv/bin/tradeline --tenant {tenant} verify",
            f"  .venv/bin/tradeline --tenant {tenant} clock advance +35d",
            "",
            "Stop with Ctrl-C. The data stays; ./dev demo --fresh begins with an empty database.",
        ]
    )
