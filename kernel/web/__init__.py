"""What every HTTP door needs, once for all: Litestar the house's way.

Put an application together ... application.py   application(routes, context_of=...)
Round every request ........... frame.py         request id, headers, log line, metrics
A route's permission and body . request.py       needs(permission, key="required"), ApiRequest.ctx
Every error as problem+json ... problems.py, errors.py
The Idempotency-Key ........... idempotency.py
Ids with prefixes ............. ids.py           class BuyerId(Id, prefix="buy")
Lists, cursors ................ paging.py        page(...), page_of(...)
ETag and If-Match ............. versions.py      expected_version(request), tagged(view, version)
The OpenAPI document .......... openapi.py, examples.py
"""
