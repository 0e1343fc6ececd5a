"""A client over TCP: connections that a test holds itself, and the patience of a good client.

Not httpx: its pool decides which connection a request takes, and 10,000 at once cost it more than the server.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from time import monotonic
from typing import Any, Final, Self

import msgspec

HOST: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 40
LONGEST_PAUSE_SECONDS: Final = 8
"""With one second at most, 10,000 clients who are refused come back as 10,000 requests a second."""
BROKEN: Final = (OSError, asyncio.IncompleteReadError)
"""No answer came (TimeoutError is an OSError): whether the request had its effect is unknown."""


def how(broken: Exception) -> str:
    """`refused`: nobody was there; `cut`: whoever was there fell; `hung`: neither that nor an answer."""
    if isinstance(broken, TimeoutError):
        return "hung"
    return "refused" if isinstance(broken, ConnectionRefusedError) else "cut"


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"

    @property
    def passing(self) -> bool:
        """The same request may be sent again, says the answer: 503, or a 409 that is retryable."""
        return self.status in (409, 503) and self.json().get("retryable") is True

    @property
    def told(self) -> tuple[int, object]:
        """What must be the same for each copy of a request: a problem names its own request, besides."""
        if self.status < 400:
            return self.status, self.body
        problem = self.json()
        return self.status, (problem["code"], problem.get("params"))


class Wire:
    """One connection, made when it is needed; one request at a time. `ask` raises one of BROKEN."""

    def __init__(self, port: int, secret: str | None) -> None:
        self._port, self._secret = port, secret
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()

    @property
    def own_port(self) -> int:
        """0 where it is not connected."""
        if self._streams is None:
            return 0
        port: int = self._streams[1].get_extra_info("sockname")[1]
        return port

    def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """`body`: bytes as they are, anything else as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(raw)}"]
        lines += [f"Authorization: Bearer {self._secret}"] if self._secret else []
        lines += [f"Idempotency-Key: {key}"] if key else []
        lines += ["Content-Type: application/json", "Accept-Language: en", "", ""]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(HOST, self._port)
                reader, writer = self._streams
                writer.write("\r\n".join(lines).encode() + raw)
                return await _read(reader)
        except BROKEN:
            self.hang_up()
            raise


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers["content-length"]))
    return Answer(int(head[0].split(" ", 2)[1]), headers, body)


async def until_told(
    wire: Wire,
    path: str,
    body: object,
    key: str,
    seen: Counter[str],
    *,
    seconds: float = 240,
    attempts: int = 200,
) -> Answer:
    """POSTs until there is a lasting answer, always under the same key, as a good client does.

    `seen` counts requests, `busy` (503 or retryable 409), those broken, and what came of a broken one:
    `done unheard` where the first heard answer is a replay.
    """
    end, pause, was_broken = monotonic() + seconds, 0.05, False
    for _ in range(attempts):
        seen["requests"] += 1
        try:
            answer = await wire.ask("POST", path, body, key)
        except BROKEN as broken:
            seen[how(broken)] += 1
            was_broken, least = True, 0
        else:
            if not answer.passing:
                seen["done unheard"] += was_broken and answer.replayed
                return answer
            seen[f"busy {answer.status}"] += 1
            least = int(answer.headers["retry-after"])
        assert monotonic() < end, f"no lasting answer within {seconds} s: {dict(seen)}"
        await asyncio.sleep(max(least, pause) * random.uniform(1, 1.5))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    raise AssertionError(f"no lasting answer in {attempts} attempts: {dict(seen)}")
