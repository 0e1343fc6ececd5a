"""What this package refuses, beside the errors that all packages share (kernel/errors.py)."""

from kernel.errors import DomainError


class ExternalRefConflict(DomainError):
    """Another object has this `external_ref` already, for ever: `existing_id`."""

    code = "external_ref_conflict"
    status = 409


class TenantExists(DomainError):
    """The platform `slug` has its `mode` tenant already."""

    code = "tenant_exists"
    status = 409


class MemberExists(DomainError):
    """The e-mail address belongs to member `existing_id`."""

    code = "member_exists"
    status = 409


class LastOwner(DomainError):
    """A tenant always has an owner: make another one first."""

    code = "last_owner"
    status = 409


class KeyRevoked(DomainError):
    """The key is revoked already, since `revoked_at`."""

    code = "key_revoked"
    status = 409


class VersionMismatch(DomainError):
    """The object is at `version` now: read it again and decide afresh."""

    code = "version_mismatch"
    status = 412


class ImportMovedOn(DomainError):
    """Somebody else is at the same import: it stands at `position` rows now, or has ended."""

    code = "import_moved_on"
    status = 409
