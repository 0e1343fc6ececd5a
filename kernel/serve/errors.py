"""What can go wrong before Tradeline runs."""


class ServeError(Exception):
    """A server could not be started or reached: what happened, where, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}\n  {hint}")
        self.message = message
        self.hint = hint
