"""Lines, drawdowns and hand-made commands for tests of `billing.commit`: the SQL function, no use case.

Amounts are minor units. A command here carries the least rows that its kind needs.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from billing.command import (
    AuditRow,
    Command,
    CreditMove,
    DrawdownEventRow,
    DrawdownRow,
    DrawdownSet,
    DrawdownUseRow,
    EntryRow,
    Expected,
    JournalRow,
    LimitChange,
    LineMove,
    LineRow,
    OutboxRow,
    RefusalNote,
    Rows,
)
from kernel.db.scope import scope
from kernel.db.token import scope_token
from kernel.ids import digest, uuid7
from tenants.add_buyer import AddBuyer, add_buyer
from tenants.add_merchant import AddMerchant, add_merchant
from tests.support.offers import offer
from tests.support.tenants import Workspace, open_workspace

COMMIT: Final = "billing.commit"
ACTOR: Final = UUID(int=7)
BOOK: Final = UUID(int=10)
TERMS: Final = digest(b"terms")
STATE: Final = msgspec.Raw(b"{}")

_numbers = itertools.count(1)


class Desk(msgspec.Struct):
    """One tenant with a product and a buyer, ready to have lines."""

    workspace: Workspace
    programme_id: UUID
    product_id: UUID
    buyer_id: UUID
    merchant_id: UUID

    @property
    def tenant(self) -> UUID:
        return self.workspace.id

    @property
    def today(self) -> date:
        return self.workspace.opened_on

    def command(self, *, key: str | None = None, request: str = "", **parts: Any) -> Command:
        """`key` is an idempotency key, `request` what its fingerprint is of."""
        keyed: dict[str, Any] = {}
        if key is not None:
            keyed = {"family": ACTOR, "key": digest(key.encode()), "fingerprint": digest(request.encode())}
        days = {"booked_on": self.today, "effective_on": self.today}
        return Command(**{"tenant": self.tenant, **days, **keyed, **parts})

    def new_line(self, limit: int, line_id: UUID | None = None, buyer_id: UUID | None = None) -> Command:
        row = LineRow(
            id=line_id or uuid7(),
            buyer_id=buyer_id or self.buyer_id,
            product_id=self.product_id,
            kind="revolving",
            currency="CNY",
            limit_minor=limit,
            status="active",
            created_at=self.workspace.ctx().now,
        )
        return self.command(rows=Rows(line=(row,)))

    def authorise(
        self, line: UUID, amount: int, *, drawdown_id: UUID | None = None, external_ref: str | None = None,
        expires_on: date | None = None, **more: Any,
    ) -> Command:  # fmt: skip
        """Holds `amount` on the line for a new drawdown."""
        new = drawdown_id or uuid7()
        ctx = self.workspace.ctx()
        row = DrawdownRow(
            **_projection(new, amount, 0, expires_on or self.today + timedelta(30)),
            programme_id=self.programme_id,
            product_id=self.product_id,
            buyer_id=self.buyer_id,
            merchant_id=self.merchant_id,
            terms_id=TERMS,
            currency="CNY",
            external_ref=external_ref,
            authorised_on=self.today,
            created_at=ctx.now,
        )
        rows = Rows(
            drawdown=(row,),
            drawdown_use=(
                DrawdownUseRow(drawdown_id=new, line_id=line, held_minor=amount, outstanding_minor=0),
            ),
            drawdown_event=(self._event(new, 1, "authorised"),),
            outbox=(OutboxRow(id=uuid7(), topic="drawdown.authorised", payload={"drawdown_id": new}),),
            audit=(self._audit(new),),
        )
        move = LineMove(id=line, need=amount, held=amount)
        return self.command(**{"lines": (move,), "rows": rows, "result": {"id": new}, **more})

    def capture(
        self, line: UUID, drawdown_id: UUID, amount: int, *, version: int = 1, **more: Any
    ) -> Command:
        """Turns the whole hold of a drawdown into debt, honoured whatever the line has become."""
        journal = uuid7()
        rows = Rows(
            drawdown_set=(
                DrawdownSet(**{**_projection(drawdown_id, amount, amount, None), "status": "captured"}),
            ),
            drawdown_use=(
                DrawdownUseRow(drawdown_id=drawdown_id, line_id=line, held_minor=0, outstanding_minor=amount),
            ),
            drawdown_event=(self._event(drawdown_id, version + 1, "captured"),),
            journal=(self.journal(journal),),
            entry=(self.entry(journal, amount, drawdown_id=drawdown_id),),
        )
        return self.command(
            **{
                "lines": (LineMove(id=line, held=-amount, outstanding=amount, honour=True),),
                "drawdowns": (Expected(id=drawdown_id, version=version),),
                "rows": rows,
                "result": {"id": drawdown_id, "captured_minor": amount},
                **more,
            }
        )

    def change_limit(
        self, line: UUID, version: int, limit: int, status: Any = "active", **more: Any
    ) -> Command:
        change = LimitChange(id=line, version=version, limit=limit, status=status)
        return self.command(limits=(change,), **more)

    def credit(self, change: int, **more: Any) -> Command:
        move = CreditMove(buyer=self.buyer_id, currency="CNY", credit=change)
        return self.command(balances=(move,), **more)

    def refusal(self, code: str, **more: Any) -> Command:
        return self.command(refusal=RefusalNote(code=code, params={"n": 1}), **more)

    def journal(self, journal: UUID, reference: str | None = None) -> JournalRow:
        ctx = self.workspace.ctx()
        return JournalRow(
            id=journal,
            reference=reference or f"test:{next(_numbers)}",
            kind="capture",
            effective_on=self.today,
            booked_on=self.today,
            recorded_at=ctx.now,
            actor_kind="key",
            actor_id=ACTOR,
        )

    def entry(
        self, journal: UUID, amount: int, *, no: int = 1, debit: str = "buyer_principal",
        credit: str = "merchant_payable", drawdown_id: UUID | None = None,
    ) -> EntryRow:  # fmt: skip
        return EntryRow(
            journal_id=journal,
            no=no,
            book=BOOK,
            debit_account=debit,
            debit_party=self.buyer_id,
            credit_account=credit,
            credit_party=self.merchant_id,
            amount_minor=amount,
            currency="CNY",
            drawdown_id=drawdown_id,
        )

    def _event(self, drawdown_id: UUID, seq: int, kind: str) -> DrawdownEventRow:
        return DrawdownEventRow(
            drawdown_id=drawdown_id,
            seq=seq,
            kind=kind,
            effective_on=self.today,
            booked_on=self.today,
            recorded_at=self.workspace.ctx().now,
            actor_kind="key",
            actor_id=ACTOR,
            data=STATE,
        )

    def _audit(self, drawdown_id: UUID) -> AuditRow:
        return AuditRow(
            id=uuid7(),
            actor_kind="key",
            actor_id=ACTOR,
            action="drawdown.authorised",
            object_kind="drawdown",
            object_id=drawdown_id,
            request_id="req_1",
        )


def _projection(drawdown_id: UUID, authorised: int, captured: int, expires_on: date | None) -> dict[str, Any]:
    return {
        "id": drawdown_id,
        "status": "authorised",
        "authorised_minor": authorised,
        "captured_minor": captured,
        "voided_minor": 0,
        "refunded_minor": 0,
        "principal_due_minor": captured,
        "interest_due_minor": 0,
        "fee_due_minor": 0,
        "penalty_due_minor": 0,
        "expires_on": expires_on,
        "next_event_on": expires_on,
        "engine_version": 1,
        "state": STATE,
    }


async def open_desk(workspace: Workspace | None = None) -> Desk:
    workspace = workspace or await open_workspace()
    product = await offer(workspace)
    buyer = await add_buyer(
        workspace.ctx(), AddBuyer(name="某某宠物店", party_type="company", owner_name="Owner")
    )
    async with scope(workspace.ctx()) as tx:
        await tx.execute(
            "INSERT INTO billing.terms (tenant_id, id, document) VALUES ($1, $2, '{}')", workspace.id, TERMS
        )
    merchant = await add_merchant(workspace.ctx(), AddMerchant(name="某某批发行"))
    return Desk(workspace, product.programme_id, product.id, buyer.id, merchant.id)


async def more_buyers(desk: Desk, count: int) -> list[UUID]:
    """A buyer has one open line on a product, so many lines need many buyers."""
    ctx = desk.workspace.ctx()
    added = [
        await add_buyer(ctx, AddBuyer(name=f"买家 {number}", party_type="company", owner_name="Owner"))
        for number in range(count)
    ]
    return [buyer.id for buyer in added]


class Till:
    """A connection of the application's role, on which `billing.commit` (or a broken copy) is called."""

    def __init__(self, connection: Any, function: str = COMMIT) -> None:
        self.connection = connection
        self.function = function

    async def run(self, *commands: Command, tokens: Sequence[str] | None = None) -> list[tuple[str, Any]]:
        """Outcome and detail of each, in order."""
        signed = [scope_token(tenant) for tenant in {one.tenant for one in commands}]
        found = await self.connection.fetch(
            f"SELECT pos, outcome, detail FROM {self.function}($1::text[], $2::jsonb) ORDER BY pos",
            signed if tokens is None else list(tokens),
            msgspec.json.encode(commands).decode(),
        )
        assert [row["pos"] for row in found] == list(range(1, len(commands) + 1))
        return [(row["outcome"], json.loads(row["detail"])) for row in found]

    async def one(self, command: Command) -> str:
        """Outcome alone."""
        ((outcome, _),) = await self.run(command)
        return outcome

    async def line(
        self, desk: Desk, limit: int, *, status: str = "active", buyer_id: UUID | None = None
    ) -> UUID:
        """A new line of a buyer."""
        line_id = uuid7()
        assert await self.one(desk.new_line(limit, line_id, buyer_id)) == "ok"
        if status != "active":
            assert await self.one(desk.change_limit(line_id, 1, limit, status)) == "ok"
        return line_id

    async def drawdown(self, desk: Desk, line: UUID, amount: int, **more: Any) -> UUID:
        """A new authorised one."""
        drawdown_id = uuid7()
        assert await self.one(desk.authorise(line, amount, drawdown_id=drawdown_id, **more)) == "ok"
        return drawdown_id


async def read_line(admin: Any, desk: Desk, line: UUID) -> dict[str, Any]:
    """As stored."""
    row = await admin.fetchrow(
        "SELECT * FROM billing.line WHERE tenant_id = $1 AND id = $2", desk.tenant, line
    )
    return dict(row)


async def count(admin: Any, table: str, tenant: UUID) -> int:
    return int(await admin.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", tenant))


async def connect(url: str) -> Any:
    return await asyncpg.connect(url)
