"""Hot lines: far more is asked for than there is, by all at once; each line ends exactly full, never over."""

from __future__ import annotations

import asyncio
from collections import Counter
from time import monotonic
from typing import Any, Final
from uuid import UUID

import pytest

from kernel.ids import encode
from tenants.add_buyer import AddBuyer, add_buyer
from tests.faults.figures import told
from tests.faults.serving import Serving
from tests.faults.wire import Answer, Wire, until_told
from tests.support.shop import Shop, open_line, open_shop

pytestmark = [pytest.mark.db, pytest.mark.fault]

AMOUNT: Final = 12_500
SAMPLE_SECONDS: Final = 0.1
_OVER: Final = """
    SELECT count(*) FROM billing.line l
    LEFT JOIN LATERAL (
        SELECT sum(u.held_minor + u.outstanding_minor) AS used FROM billing.drawdown_use u
        WHERE u.tenant_id = l.tenant_id AND u.line_id = l.id
    ) u ON true
    WHERE l.id = ANY ($1)
        AND (l.held_minor + l.outstanding_minor > l.limit_minor
            OR coalesce(u.used, 0) <> l.held_minor + l.outstanding_minor)
"""


class Place:
    """A line of a shop, with what was answered to those who drew on it."""

    def __init__(self, shop: Shop, line_id: UUID) -> None:
        self.shop, self.line_id = shop, line_id
        self.granted: list[str] = []
        self.captured = 0
        self.refusals = Counter[tuple[str, int]]()

    @property
    def order(self) -> dict[str, Any]:
        return {
            "line_id": encode("lin", self.line_id),
            "merchant_id": encode("mer", self.shop.merchant_id),
            "amount_minor": AMOUNT,
            "currency": "CNY",
        }

    def refused(self, answer: Answer) -> None:
        problem = answer.json()
        self.refusals[problem["code"], problem["params"]["available_minor"]] += 1


async def open_places(tenants: int, lines: int, limit_minor: int) -> list[Place]:
    """`lines` lines in each of `tenants` tenants; a buyer has one line of a product."""
    places = []
    for _ in range(tenants):
        shop = await open_shop(limit_minor=limit_minor)
        places.append(Place(shop, shop.line_id))
        for _ in range(lines - 1):
            buyer = await add_buyer(
                shop.workspace.ctx(), AddBuyer(name="某某商行", party_type="company", owner_name="Owner")
            )
            line = await open_line(shop.workspace, shop.product_id, buyer.id, limit_minor)
            places.append(Place(shop, line.id))
    return places


async def draw(wire: Wire, place: Place, number: int, seen: Counter[str]) -> None:
    """One order; each third of those granted is shipped at once, so that the ledger has its part."""
    key = f"draw-{place.line_id}-{number}"
    answer = await until_told(wire, "/v1/drawdowns", place.order, key, seen)
    if answer.status != 201:
        place.refused(answer)
        return
    drawdown = answer.json()["id"]
    place.granted.append(drawdown)
    if number % 3 == 0:
        path = f"/v1/drawdowns/{drawdown}/capture"
        shipped = await until_told(wire, path, {}, f"ship-{place.line_id}-{number}", seen)
        assert shipped.status == 200, shipped.body
        place.captured += 1


async def watch(admin: Any, places: list[Place], samples: list[int]) -> None:
    """Counts, again and again, the lines over their limit or at odds with what uses them."""
    lines = [place.line_id for place in places]
    while True:
        samples.append(await admin.fetchval(_OVER, lines))
        await asyncio.sleep(SAMPLE_SECONDS)


async def flood(served: Serving, places: list[Place], each: int) -> Counter[str]:
    """`each` orders a line, all at the same moment, each over its own connection."""
    seen = Counter[str]()
    wires = [
        (place, n, served.wire(place.shop.workspace.opened.secret)) for n in range(each) for place in places
    ]
    try:
        async with asyncio.TaskGroup() as all_at_once:
            for place, n, wire in wires:
                all_at_once.create_task(draw(wire, place, n, seen))
    finally:
        for _, _, wire in wires:
            wire.hang_up()
    return seen


async def expect_exactly_full(admin: Any, place: Place, each: int, fit: int) -> None:
    assert len(place.granted) == len(set(place.granted)) == fit
    assert place.refusals == {("limit_exceeded", 0): each - fit}, "what is refused would not have fitted"
    of = (place.shop.workspace.id, place.line_id)
    line = await admin.fetchrow("SELECT * FROM billing.line WHERE tenant_id = $1 AND id = $2", *of)
    shipped = place.captured * AMOUNT
    assert place.captured > 0
    assert (line["held_minor"], line["outstanding_minor"]) == (line["limit_minor"] - shipped, shipped)
    drawdowns, used = await admin.fetchrow(
        """SELECT count(*), sum(held_minor + outstanding_minor)::bigint FROM billing.drawdown_use
        WHERE tenant_id = $1 AND line_id = $2""",
        *of,
    )
    assert (drawdowns, used) == (fit, line["limit_minor"])
    posted = await admin.fetchval(
        """SELECT sum(CASE e.debit_account WHEN 'buyer_principal' THEN amount_minor ELSE 0 END
            - CASE e.credit_account WHEN 'buyer_principal' THEN amount_minor ELSE 0 END)::bigint
        FROM billing.entry e JOIN billing.drawdown_use u
            ON u.tenant_id = e.tenant_id AND u.drawdown_id = e.drawdown_id
        WHERE u.tenant_id = $1 AND u.line_id = $2""",
        *of,
    )
    assert posted == shipped


@pytest.mark.parametrize(
    ("tenants", "lines", "each", "fit"),
    [
        pytest.param(2, 3, 250, 100, id="share"),
        pytest.param(4, 5, 500, 250, id="whole", marks=pytest.mark.nightly),
    ],
)
async def test_lines_are_exactly_full_and_never_over(
    served: Serving, admin: Any, tenants: int, lines: int, each: int, fit: int
) -> None:
    places = await open_places(tenants, lines, fit * AMOUNT)
    await served.all_ready()
    samples: list[int] = []
    watcher = asyncio.create_task(watch(admin, places, samples))
    began = monotonic()
    seen = await flood(served, places, each)
    seconds = monotonic() - began
    watcher.cancel()
    await asyncio.wait([watcher])
    assert watcher.cancelled(), "it watched to the end"
    assert len(samples) > 5
    assert set(samples) == {0}
    for place in places:
        await expect_exactly_full(admin, place, each, fit)
    for shop in {place.shop.workspace.id: place.shop for place in places}.values():
        await shop.verify()
    told("hot lines", seconds, lines=len(places), **seen)
