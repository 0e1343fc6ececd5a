"""What this package refuses, beside the errors that all packages share (kernel/errors.py)."""

from kernel.errors import DomainError


class PaperNotAvailable(DomainError):
    """This machine lacks what draws a PDF: Pango, or a font with Chinese in it."""

    code = "paper_not_available"
    status = 503


class PaperTooSlow(DomainError):
    """Not drawn within the time that a request may take."""

    code = "paper_too_slow"
    status = 503
    retryable = True
    retry_after_seconds = 5


class DayNotEnded(DomainError):
    """The schedule has brought something by `on` that day end has not posted yet."""

    code = "day_not_ended"
    status = 409
    retryable = True
    retry_after_seconds = 60
