"""What a run has seen, for whoever asks: `./dev test tests/faults --log-cli-level=info`."""

from __future__ import annotations

import logging


def told(what: str, seconds: float, **figures: object) -> None:
    parts = ", ".join(f"{name} {value}" for name, value in figures.items())
    logging.getLogger(__name__).info("%s: %.1f seconds, %s", what, seconds, parts)
