"""What keeps the demo from running."""


class DemoError(Exception):
    """The demo cannot go on: what is wrong, where, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}\n  {hint}")
        self.message = message
        self.hint = hint
