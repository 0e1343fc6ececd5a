"""The embedded servers: what they are, who stops them, and that a killed process harms nothing."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import psutil
import pytest
import redis

from kernel.serve import ServeError, Stack, postgres, start_stack
from kernel.serve.home import running
from kernel.serve.outside import ask_postgres
from kernel.settings import Settings

pytestmark = pytest.mark.db

USER = """
import sys
import time
from pathlib import Path
from kernel.serve import start_stack
from kernel.settings import Settings

home = Path(sys.argv[1])
with start_stack(Settings(home=home, data=home), durable=False) as stack:
    print(stack.admin_url, stack.redis_url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_process(home: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Another process that uses the servers until its input ends; gives it and its two URLs."""
    command = [sys.executable, "-c", USER, str(home)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        admin_url, redis_url = process.stdout.readline().split()
        yield process, admin_url, redis_url
    finally:
        if process.poll() is None:
            process.stdin.close()
        process.wait(30)
        process.stdout.close()
        if not process.stdin.closed:
            process.stdin.close()


def ask(url: str, sql: str) -> object:
    """The answer of a database to one question."""

    async def question(connection: asyncpg.Connection) -> object:
        return await connection.fetchval(sql)

    return ask_postgres(url, "the test", question)


def ping(url: str) -> bool:
    """Does the Valkey there answer?"""
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def pids(settings: Settings) -> tuple[int | None, int | None]:
    """The processes of PostgreSQL and Valkey in this home."""
    return (
        running(settings.home / "postgres" / "postmaster.pid", "postgres"),
        running(settings.home / "valkey" / "valkey.pid", "valkey-server"),
    )


def look_at_first_start(settings: Settings, stack: Stack) -> None:
    assert urlsplit(stack.admin_url).path == "/tradeline"
    expected = {
        "server_encoding": "UTF8",
        "timezone": "UTC",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }
    assert {name: ask(stack.admin_url, f"SHOW {name}") for name in expected} == expected
    assert (
        ask(stack.admin_url, "SELECT lower('ÄÖ') || (SELECT datlocale FROM pg_database LIMIT 1)")
        == "äöC.UTF-8"
    )
    with pytest.raises(ServeError, match="refused the user or password"):
        ask(stack.admin_url.replace("@", "x@"), "SELECT 1")
    with redis.Redis.from_url(stack.redis_url) as client:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    place = urlsplit(stack.redis_url)
    with (
        redis.Redis(host="127.0.0.1", port=place.port or 0) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert stat.S_IMODE((settings.home / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((settings.home / "postgres").stat().st_mode) == 0o700
    for pid in pids(settings):
        assert pid is not None
        process = psutil.Process(pid)
        assert process.username() == ("nobody" if os.geteuid() == 0 else psutil.Process().username())
        for secret in (urlsplit(stack.admin_url).password, place.password):
            assert str(secret) not in " ".join(process.cmdline())


def test_first_start_then_stop_then_the_same_again(settings: Settings) -> None:
    with start_stack(settings) as stack:
        look_at_first_start(settings, stack)
        ask(stack.admin_url, "CREATE TABLE kept (a int)")
        first = stack
    assert pids(settings) == (None, None)
    with start_stack(settings) as stack:
        assert ask(stack.admin_url, "SELECT count(*) FROM kept") == 0
        assert (stack.admin_url, stack.redis_url) == (first.admin_url, first.redis_url)
        assert stack.secret_key == first.secret_key
        assert len(stack.secret_key) == 64


def test_who_joins_does_not_stop_what_another_uses(used_settings: Settings) -> None:
    with other_process(used_settings.home) as (_, admin_url, redis_url):
        began = pids(used_settings)
        with start_stack(used_settings, durable=False) as stack:
            assert (stack.admin_url, stack.redis_url) == (admin_url, redis_url)
            assert pids(used_settings) == began
        stack.stop()
        assert pids(used_settings) == began
        assert ask(admin_url, "SELECT 1") == 1
        assert ping(redis_url)
    assert pids(used_settings) == (None, None)


def test_the_last_who_leaves_stops_even_if_another_started(used_settings: Settings) -> None:
    with other_process(used_settings.home) as (process, admin_url, _):
        stack = start_stack(used_settings, durable=False)
        assert process.stdin
        process.stdin.close()
        process.wait(30)
        assert ask(admin_url, "SELECT 1") == 1
    stack.stop()
    assert pids(used_settings) == (None, None)


def test_after_kill_9_the_next_joins_and_stops(used_settings: Settings) -> None:
    with other_process(used_settings.home) as (process, admin_url, redis_url):
        left = pids(used_settings)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert None not in left
    assert pids(used_settings) == left
    assert ping(redis_url)
    with start_stack(used_settings, durable=False) as stack:
        assert stack.admin_url == admin_url
        assert pids(used_settings) == left
    assert pids(used_settings) == (None, None)


def test_servers_killed_themselves_come_back_with_the_data(used_settings: Settings) -> None:
    with start_stack(used_settings) as stack:
        ask(stack.admin_url, "CREATE TABLE survived ()")
        killed = pids(used_settings)
        for pid in killed:
            assert pid
            os.kill(pid, signal.SIGKILL)
        with start_stack(used_settings) as again:
            assert set(pids(used_settings)).isdisjoint({*killed, None})
            assert (again.admin_url, again.redis_url) == (stack.admin_url, stack.redis_url)
            ask(again.admin_url, "DROP TABLE survived")
    assert pids(used_settings) == (None, None)


def test_a_server_that_dies_while_it_is_joined_is_started_anew(
    used_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed a moment ago, its process can still be seen: once as `ready`, then it is gone."""
    with start_stack(used_settings, durable=False):
        killed, _ = pids(used_settings)
        assert killed
        os.kill(killed, signal.SIGKILL)
        while pids(used_settings)[0] == killed:
            time.sleep(0.01)
        seen = iter([killed, killed])
        monkeypatch.setattr(postgres, "running", lambda *at: next(seen, None) or running(*at))
        with start_stack(used_settings, durable=False) as again:
            assert ask(again.admin_url, "SELECT 1") == 1
            assert next(seen, None) is None


def test_a_stale_process_id_that_is_now_anothers_is_no_obstacle(used_settings: Settings) -> None:
    # A live process of the very account: PostgreSQL itself would take it for a running server.
    account = "nobody" if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=account, stdin=subprocess.DEVNULL) as sleeper:
        for name in ("postgres/postmaster.pid", "valkey/valkey.pid"):
            (used_settings.home / name).write_text(f"{sleeper.pid}\n/elsewhere\n0\n1\n\n\n\nready\n")
        with start_stack(used_settings, durable=False) as stack:
            assert ask(stack.admin_url, "SELECT 1") == 1
            assert ping(stack.redis_url)
        assert sleeper.poll() is None
        sleeper.kill()


def test_a_start_that_fails_leaves_nothing_running(used_settings: Settings) -> None:
    with start_stack(used_settings, durable=False) as stack:
        taken = urlsplit(stack.admin_url).port
        with pytest.raises(ServeError, match="already runs on port"):
            start_stack(msgspec.structs.replace(used_settings, valkey_port=taken), durable=False)
        assert None not in pids(used_settings)
    with other_listener() as port, pytest.raises(ServeError, match=f"port {port} on 127.0.0.1 is taken"):
        start_stack(msgspec.structs.replace(used_settings, valkey_port=port), durable=False)
    assert pids(used_settings) == (None, None)


def test_a_server_without_fsync_is_not_joined_by_one_who_needs_it(used_settings: Settings) -> None:
    with start_stack(used_settings, durable=False) as stack:
        assert ask(stack.admin_url, "SHOW fsync") == "off"
        with pytest.raises(ServeError, match="may lose data"):
            start_stack(used_settings)
        assert ask(stack.admin_url, "SELECT 1") == 1


@contextmanager
def other_listener() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
