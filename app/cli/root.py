"""All commands by name. A command's module is imported when it is called, so that `--help` is quick."""

from __future__ import annotations

import importlib
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: Final = {
    "demo": "Open example platforms with a story in them, and serve them",
    "serve": "Serve the API and do the jobs, until stopped",
    "worker": "Do the jobs only, until stopped",
    "migrate": "Bring the database up to date",
    "tenant": "Platforms' live and test tenants: open, list, show",
    "member": "People of a tenant: add, list, give roles",
    "key": "API keys: issue, revoke, list",
    "buyer": "Buyers: add, list, show",
    "merchant": "Merchants: add, list",
    "import": "A platform's files: run, check, list, show, errors",
    "programme": "Programmes: open, list",
    "product": "Credit products: draft, publish, list, show",
    "facts": "Buyer facts: compute, show",
    "tier": "Tiers: review, show",
    "line": "Credit lines: grant, raise, cut, freeze, unfreeze, close, list, show",
    "drawdown": "Orders on credit: authorise, capture, void, refund, list, show, schedule, charges",
    "explain": "Why an amount is what it is: of a drawdown, a charge, a receipt, a statement's line",
    "receipt": "Money that came: record, reverse, list, show",
    "statement": "Statements: list, show, preview of the next one",
    "day-end": "Day end: run",
    "clock": "A test tenant's clock: show, advance",
    "ledger": "The ledger: trial balance, a drawdown's entries",
    "verify": "Verify books against their events and their ledger",
    "engine": "The pure engine: a case from a file, quote; needs no database",
    "apr": "What cash flows cost a year; needs no database",
}
_SERVING: Final = ("serve", "worker", "migrate")
"""These share a module."""
_MODULES: Final = {"import": "imports", **dict.fromkeys(_SERVING, "serving")}
"""Of those that are not called as their module is."""


def load(name: str) -> Any:
    """The command `name`: `app` of its module."""
    module = importlib.import_module(f"app.cli.{_MODULES.get(name, name.replace('-', '_'))}")
    found = typer.main.get_command(module.apps[name] if name in _SERVING else module.app)
    found.name = name
    return found


class Root(TyperGroup):
    """Knows its commands by name and one line of help; loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


app: Final = typer.Typer(
    cls=Root,
    name="tradeline",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def tradeline(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", metavar="SLUG", help="Which tenant")] = None,
    member: Annotated[str | None, typer.Option("--as", metavar="MEMBER", help="Act as this member")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON")] = False,
) -> None:
    """Credit lines for the buyers of trade platforms.

    --tenant, --as and --json may stand before or after the command.
    """
    context.obj = {"tenant": tenant, "member": member, "as_json": as_json}
