"""Buyers and merchants as a file or a bulk request tells them, and receipts as a file tells them."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from kernel.errors import FieldProblem
from tenants.rules import inputs

PARTY_TYPES: Final = ("company", "sole_trader", "individual")


class BuyerItem(msgspec.Struct, frozen=True, kw_only=True):
    """Known by its reference; the owner is called as the buyer where no name is told."""

    external_ref: str
    name: str
    party_type: str
    owner_name: str | None = None
    mobile: str | None = None


class MerchantItem(msgspec.Struct, frozen=True, kw_only=True):
    external_ref: str
    name: str


class ReceiptItem(msgspec.Struct, frozen=True, kw_only=True):
    """Money that the buyer `buyer_ref` paid; no day: today."""

    external_ref: str
    buyer_ref: str
    currency: str
    amount_minor: int
    channel: str
    effective_on: date | None = None


def problem_of_party(item: BuyerItem | MerchantItem) -> FieldProblem | None:
    """The first thing that is wrong with it by itself."""
    wrong = inputs.name(item.external_ref, "#/external_ref") or inputs.name(item.name)
    if wrong or isinstance(item, MerchantItem):
        return wrong
    if item.party_type not in PARTY_TYPES:
        return FieldProblem("#/party_type", "unknown_value", {"given": item.party_type[:80]})
    return inputs.optional(item.owner_name, "#/owner_name") or inputs.optional(item.mobile, "#/mobile")
