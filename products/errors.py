"""What this package refuses, beside the errors that all packages share (kernel/errors.py)."""

from kernel.errors import DomainError


class ProductExists(DomainError):
    """Another product of the tenant has this `code`: `existing_id`."""

    code = "product_exists"
    status = 409


class ProductNotPublished(DomainError):
    """The product has no published version yet: nothing can be drawn under it."""

    code = "product_not_published"
    status = 409


class ProductPublished(DomainError):
    """`version` is published and frozen; a change is a new draft."""

    code = "product_published"
    status = 409


class DraftChanged(DomainError):
    """The draft is at `revision` now, another than the one that was looked at."""

    code = "draft_changed"
    status = 409


class SecondMemberNeeded(DomainError):
    """Whoever wrote the draft last cannot publish it."""

    code = "second_member_needed"
    status = 409


class ProgrammeClosed(DomainError):
    """The programme takes no new products and no new versions."""

    code = "programme_closed"
    status = 409
