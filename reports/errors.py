"""What this package refuses, beside the errors that all packages share (kernel/errors.py)."""

from kernel.errors import DomainError


class DayNotEnded(DomainError):
    """The schedule has brought something by `on` that day end has not posted yet."""

    code = "day_not_ended"
    status = 409
    retryable = True
    retry_after_seconds = 60
