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


class NoTiers(DomainError):
    """The published version has no tiers to review."""

    code = "no_tiers"
    status = 409


class FactsMissing(DomainError):
    """Nothing is known of any buyer in `currency` yet: facts are computed first."""

    code = "facts_missing"
    status = 409


class FactsTooOld(DomainError):
    """The newest facts are of `as_of_on`, more than `days` days ago."""

    code = "facts_too_old"
    status = 409


class ReviewTooLong(DomainError):
    """After `seconds` only `reviewed` buyers were judged: nothing was moved."""

    code = "review_too_long"
    status = 503
    retryable = True
    retry_after_seconds = 60
