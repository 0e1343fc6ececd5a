"""Small files of a platform and what is known around them, for tests of imports."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tenants.add_buyer import AddBuyer, add_buyer
from tests.support.tenants import Workspace

ORDERS: Final[dict[str, Any]] = {
    "kind": "orders",
    "returns": {"column": "no", "prefix": "C"},
    "fields": {
        "external_ref": {"column": "no"},
        "buyer": {"column": "shop"},
        "ordered_at": {"column": "at"},
        "currency": {"value": "CNY"},
        "sku": {"column": "sku", "case": "upper"},
        "quantity": {"column": "pieces"},
        "unit_price": {"column": "price"},
    },
    "left_out": [
        {"name": "no_shop", "column": "shop", "empty": True},
        {"name": "postage", "column": "sku", "case": "upper", "in": ["POST"]},
    ],
}
HEAD: Final = "no,shop,at,sku,pieces,price\n"
ROWS: Final = (
    HEAD + "A1,shop-1,2027-02-20 10:00:00,cotton,3,0.125\n"
    "A1,shop-1,2027-02-20 10:00:00,thread,2,1.50\n"
    "A2,,2027-02-20 11:00:00,cotton,1,9.99\n"
    "A3,shop-1,2027-02-21 09:00:00,post,1,5.00\n"
    "CA1,shop-1,2027-02-25 09:00:00,cotton,-1,0.125\n"
)
"""An order of 0.38 + 3.00, a row without a shop, postage, and one piece back."""


def a_file(folder: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


async def shops(tenant: Workspace, *refs: str) -> None:
    for ref in refs or ("shop-1",):
        await add_buyer(
            tenant.ctx(), AddBuyer(name=ref, party_type="company", owner_name="Chen", external_ref=ref)
        )
