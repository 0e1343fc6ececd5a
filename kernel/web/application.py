"""Litestar put together the house's way: our frame outside, our errors, strict bodies, none of its pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.routes import HTTPRoute
from litestar.types import BeforeRequestHookHandler, ControllerRouterHandler

from kernel.web.frame import Frame
from kernel.web.ids import Id, decode_id, is_id
from kernel.web.openapi import OPENAPI, IdSchemas, document_route
from kernel.web.problems import BODY_LIMIT_BYTES, HANDLERS
from kernel.web.request import ApiRequest, ContextOf, admit

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


class Application(Litestar):
    """Litestar inside the frame."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await Frame(super().__call__)(scope, receive, send)


def application(
    api: Sequence[ControllerRouterHandler],
    others: Sequence[ControllerRouterHandler] = (),
    *,
    context_of: ContextOf,
    lifespan: Sequence[Lifespan] = (),
) -> Application:
    """An application with the routes of `api` under /v1, each of which must declare what it `needs`."""
    app = Application(
        route_handlers=[
            Router("/v1", route_handlers=api, before_request=cast("BeforeRequestHookHandler", admit)),
            *others,
            document_route,
        ],
        request_class=ApiRequest,
        exception_handlers=HANDLERS,
        type_encoders={Id: str},
        type_decoders=[(is_id, decode_id)],
        plugins=[IdSchemas()],
        openapi_config=OPENAPI,
        lifespan=list(lifespan),
        request_max_body_size=BODY_LIMIT_BYTES,
        state=State({"context_of": context_of}),
        logging_config=None,
    )
    _refuse_undeclared(app)
    return app


def _refuse_undeclared(app: Litestar) -> None:
    """A route that nobody has said the permission of must not start to be served."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/v1"):
            for handler in route.route_handlers:
                if handler.http_methods != {"OPTIONS"} and "permission" not in handler.opt:
                    raise ValueError(f"{route.path}: say opt=needs(…) beside the route")
