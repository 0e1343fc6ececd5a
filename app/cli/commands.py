"""How a command is declared: an async function of its context and its own options, whose answer is shown.

    app = group("Buyers")

    @command(app, "list", columns=("id", "name"))
    async def list_buyers(ctx: Ctx, limit: Annotated[int, typer.Option(help="How many")] = 20) -> object:
        \"\"\"Buyers in the order of their making.\"\"\"

`--tenant`, `--as` and `--json` are added to each.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Annotated, Any, Final, TypeVar, get_type_hints

import typer
from typer.core import TyperGroup

from app.cli.failures import REFUSED, told
from app.cli.output import show

Call = Callable[..., Awaitable[object]]
Work = TypeVar("Work", bound=Call)

Tenant = Annotated[str | None, typer.Option("--tenant", "-t", metavar="SLUG", help="Which tenant")]
Member = Annotated[
    str | None, typer.Option("--as", metavar="MEMBER", help="Act as this member: e-mail address or id")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON")]

HELP: Final = {"help_option_names": ["-h", "--help"]}

_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_CONTEXT: Final = inspect.Parameter("typer_context", _KEYWORD, annotation=typer.Context)
_TENANT: Final = inspect.Parameter("tenant", _KEYWORD, default=None, annotation=Tenant)
_MEMBER: Final = inspect.Parameter("member", _KEYWORD, default=None, annotation=Member)
_JSON: Final = inspect.Parameter("as_json", _KEYWORD, default=False, annotation=Json)


class _WithDefault(TyperGroup):
    """What is no command's name is an argument of the default one: `engine FILE.json`."""

    default = ""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Its options may stand before the file."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def group(help_line: str, default: str = "") -> typer.Typer:
    """A group of commands, be it of one; alone it prints its help. `default`: the command without its
    name.
    """
    app = typer.Typer(
        cls=type("Group", (_WithDefault,), {"default": default}) if default else TyperGroup,
        help=help_line,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        context_settings=HELP,
    )
    app.callback()(lambda: None)
    return app


def single(name: str | None = None) -> typer.Typer:
    """For a command without sub-commands."""
    return typer.Typer(name=name, rich_markup_mode=None, add_completion=False, context_settings=HELP)


def command(app: typer.Typer, name: str, *, columns: Sequence[str] = ()) -> Callable[[Work], Work]:
    """A command of one tenant: `work(ctx, **options)`; what it gives is shown, lists by `columns`."""

    async def in_tenant(work: Call, tenant: str | None, member: str | None, given: dict[str, Any]) -> object:
        from app.cli.session import context, database

        async with database():
            return await work(await context(tenant, member), **given)

    return _declare(app, name, columns, in_tenant, (_TENANT, _MEMBER), skip=1)


def across(app: typer.Typer, name: str, *, columns: Sequence[str] = ()) -> Callable[[Work], Work]:
    """A command over tenants: `work(tenant, **options)`, the database open; `tenant` where one is named."""

    async def over_all(work: Call, tenant: str | None, member: str | None, given: dict[str, Any]) -> object:
        from app.cli.session import database

        async with database():
            return await work(tenant, **given)

    return _declare(app, name, columns, over_all, (_TENANT,), skip=1)


def pure(app: typer.Typer, name: str, *, columns: Sequence[str] = ()) -> Callable[[Work], Work]:
    """A command that needs neither servers nor database: `work(**options)`."""

    async def alone(work: Call, tenant: str | None, member: str | None, given: dict[str, Any]) -> object:
        return await work(**given)

    return _declare(app, name, columns, alone, (), skip=0)


def _declare(
    app: typer.Typer,
    name: str,
    columns: Sequence[str],
    run: Callable[[Call, str | None, str | None, dict[str, Any]], Coroutine[Any, Any, object]],
    shared: Sequence[inspect.Parameter],
    *,
    skip: int,
) -> Callable[[Work], Work]:
    def declare(work: Work) -> Work:
        hints = get_type_hints(work, include_extras=True)
        own = [
            parameter.replace(kind=_KEYWORD, annotation=hints[parameter.name])
            for parameter in list(inspect.signature(work).parameters.values())[skip:]
        ]

        def call(*, typer_context: typer.Context, as_json: bool, **given: Any) -> None:
            before: dict[str, Any] = typer_context.obj or {}
            tenant = given.pop("tenant", None) or before.get("tenant")
            member = given.pop("member", None) or before.get("member")
            as_json = as_json or before.get("as_json", False)
            with told(as_json=as_json):
                answer = asyncio.run(run(work, tenant, member, given))
                show(answer, as_json=as_json, columns=columns)
            if getattr(answer, "failed", False):
                raise typer.Exit(REFUSED)

        parameters = [_CONTEXT, *own, *shared, _JSON]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        call.__doc__ = work.__doc__
        app.command(name)(call)
        return work

    return declare
