"""Why a measurement cannot be trusted, or not even begin."""

from __future__ import annotations


class BenchError(Exception):
    """`way_out` is what whoever measures can do about it."""

    def __init__(self, wrong: str, way_out: str) -> None:
        super().__init__(f"{wrong}; {way_out}")
