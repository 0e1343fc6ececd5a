"""A programme: a licensed lender, a legal form we have, a book for each company."""

from __future__ import annotations

import msgspec
import pytest

from kernel.db.scope import scope
from kernel.errors import Forbidden, Invalid, NotFound
from kernel.idempotency import KeyReused
from products.open_programme import OpenProgramme, open_programme
from products.queries import list_programmes, read_programme
from tests.support.tenants import Workspace, open_workspace

pytestmark = pytest.mark.db
GOOD = OpenProgramme(
    lender_of_record="Lender Ltd", licence="microloan", tenant_entity="Platform Ltd", currency="CNY"
)


def but(**changes: object) -> OpenProgramme:
    return msgspec.structs.replace(GOOD, **changes)


async def test_opens_with_two_books(tenant: Workspace) -> None:
    programme = await open_programme(tenant.ctx(), GOOD)
    assert (programme.currency, programme.legal_form, programme.status) == ("CNY", "loan", "active")
    assert programme.lender_book != programme.tenant_book
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await read_programme(tx, tenant.id, programme.id) == programme
        told = await tx.fetchval(
            "SELECT payload->>'id' FROM kernel.outbox WHERE tenant_id = $1 AND topic = 'programme.opened'",
            tenant.id,
        )
        noted = await tx.fetchval(
            "SELECT count(*) FROM kernel.audit WHERE tenant_id = $1 AND object_id = $2",
            tenant.id,
            programme.id,
        )
    assert (told, noted) == (str(programme.id), 1)


async def test_a_company_has_one_book(tenant: Workspace) -> None:
    own = await open_programme(tenant.ctx(), but(tenant_entity="Lender Ltd"))
    assert own.lender_book == own.tenant_book
    other = await open_programme(tenant.ctx(), GOOD)
    assert other.lender_book == own.lender_book
    assert other.tenant_book != own.tenant_book


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"licence": None}, "#/licence", "licence_required"),
        ({"licence": ""}, "#/licence", "licence_required"),
        ({"lender_of_record": " "}, "#/lender_of_record", "wrong_form"),
        ({"tenant_entity": ""}, "#/tenant_entity", "wrong_length"),
        ({"currency": "XXQ"}, "#/currency", "unknown_currency"),
        ({"legal_form": "factoring"}, "#/legal_form", "not_supported_yet"),
        ({"legal_form": "gift"}, "#/legal_form", "unknown_value"),
    ],
)
async def test_refuses(tenant: Workspace, changes: dict[str, object], pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await open_programme(tenant.ctx(), but(**changes))
    assert [(found.pointer, found.code) for found in refused.value.errors] == [(pointer, code)]


async def test_tells_all_problems_at_once(tenant: Workspace) -> None:
    with pytest.raises(Invalid) as refused:
        await open_programme(tenant.ctx(), but(licence=None, currency="?", legal_form="?"))
    assert [found.pointer for found in refused.value.errors] == ["#/licence", "#/currency", "#/legal_form"]


async def test_needs_the_permission(tenant: Workspace) -> None:
    with pytest.raises(Forbidden):
        await open_programme(tenant.ctx(permissions=frozenset({"products:read"})), GOOD)


async def test_repeated_under_one_key_it_opens_once(tenant: Workspace) -> None:
    first = await open_programme(tenant.ctx(key="k", request=1), GOOD)
    again = await open_programme(tenant.ctx(key="k", request=1), GOOD)
    assert again == first
    with pytest.raises(KeyReused):
        await open_programme(tenant.ctx(key="k", request=2), but(currency="USD"))
    async with scope(tenant.ctx(), read_only=True) as tx:
        assert await list_programmes(tx, tenant.id, limit=10) == [first]


async def test_a_stranger_sees_none(tenant: Workspace) -> None:
    programme = await open_programme(tenant.ctx(), GOOD)
    stranger = await open_workspace()
    async with scope(stranger.ctx(), read_only=True) as tx:
        assert await list_programmes(tx, stranger.id, limit=10) == []
        assert await list_programmes(tx, tenant.id, limit=10) == []
        with pytest.raises(NotFound):
            await read_programme(tx, tenant.id, programme.id)
