"""An import ends once, at the row where it stands."""

from __future__ import annotations

import pytest

from kernel.errors import Forbidden, NotFound
from kernel.ids import uuid7
from tenants.begin_import import begin_import
from tenants.end_import import EndImport, end_import
from tenants.errors import ImportMovedOn
from tenants.imports import Problem
from tests.support.tenants import Workspace, open_workspace
from tests.support.traces import emitted
from tests.tenants.test_begin_import import BEGIN

pytestmark = pytest.mark.db


async def test_done_or_failed(tenant: Workspace) -> None:
    run = await begin_import(tenant.ctx(), BEGIN)
    problem = Problem("csv_broken", {"line": 3})
    ended = await end_import(tenant.ctx(), EndImport(import_id=run.id, position=0, problem=problem))
    assert (ended.status, ended.problem) == ("failed", problem)
    again = await begin_import(tenant.ctx(), BEGIN)
    done = await end_import(tenant.ctx(), EndImport(import_id=again.id, position=0))
    assert (done.status, done.problem, done.ended_at) == ("done", None, tenant.ctx().now)
    assert len(await emitted(tenant, "import.ended")) == 2


async def test_refusals(tenant: Workspace) -> None:
    run = await begin_import(tenant.ctx(), BEGIN)
    with pytest.raises(ImportMovedOn):
        await end_import(tenant.ctx(), EndImport(import_id=run.id, position=7))
    with pytest.raises(Forbidden):
        await end_import(
            tenant.ctx(permissions=frozenset({"orders:write"})), EndImport(import_id=run.id, position=0)
        )
    stranger = await open_workspace()
    for import_id in (run.id, uuid7()):
        with pytest.raises(NotFound):
            await end_import(stranger.ctx(), EndImport(import_id=import_id, position=0))
    await end_import(tenant.ctx(), EndImport(import_id=run.id, position=0))
    with pytest.raises(ImportMovedOn):
        await end_import(tenant.ctx(), EndImport(import_id=run.id, position=0))
