"""The folder of the embedded servers: their programs, data, account, secrets and ports.

    HOME/secrets.json   generated once, readable by its owner only; without it the database cannot be opened
    HOME/ports.json     the ports last used, taken again when free: who is connected finds a restarted server
    HOME/*.lock         who is starting or stopping (gate), who is using the servers (users); see stack.py
    HOME/programs/      the wheels' programs, copied: root's environment is closed to the servers' account,
                        and a renewed environment must not pull the files from under a running server
    HOME/postgres, HOME/valkey   what belongs to the servers

As root the servers run as `nobody` (PostgreSQL refuses root) and only folders made here change hands.
"""

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import msgspec
import psutil

from kernel.serve.errors import ServeError

HOST = "127.0.0.1"


class Secrets(msgspec.Struct, frozen=True):
    """Hexadecimal, so they need no quoting in URLs and configuration."""

    postgres_password: str
    valkey_password: str
    secret_key: str


class Home:
    """One such folder, made when absent. Raises ServeError when it cannot serve."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        for folder in (*reversed(self.path.parents), self.path):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)  # whatever the umask: the servers' account passes through
        if self.account and self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(self.path)], cwd="/").returncode:
            raise ServeError(
                f"{self.path} is closed to the account 'nobody', as which the servers run under root",
                "set TRADELINE_HOME to a folder under /var/lib, or open the folders above it (chmod o+x)",
            )

    def folder(self, name: str) -> Path:
        """A folder of the servers' account, closed to others."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        self.hand_over(path)
        path.chmod(0o700)
        return path

    def new_folder(self, prefix: str) -> Path:
        """Like `folder`, with a fresh name; what an earlier broken start left under the prefix goes."""
        for left in self.path.glob(f"{prefix}*"):
            shutil.rmtree(left)
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path))
        self.hand_over(path)
        return path

    def hand_over(self, path: Path) -> None:
        """Make the servers' account the owner; nothing to do unless we are root."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run(
        self, command: Sequence[str], *, cwd: Path | str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as the servers' account, with nothing of our environment or terminal."""
        account = self.account
        return subprocess.run(
            command,
            cwd=cwd,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
        )

    def programs(self, package: str) -> Path:
        """The wheel's folder, copied beside the libraries it looks for, once for each version."""
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ServeError(f"the package {package} is not installed", "run ./dev setup")
        source = Path(spec.submodule_search_locations[0])
        kept = self.path / "programs" / f"{package}-{version(package)}"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            kept.parent.chmod(0o755)
            _copy_whole([source, source.with_name(f"{package}.libs")], kept)
        return kept / package

    def load_secrets(self) -> Secrets:
        """The secrets of this folder; made at the first call."""
        path = self.path / "secrets.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Secrets)
        except FileNotFoundError:
            pass
        except msgspec.DecodeError as error:
            raise ServeError(f"{path} is damaged: {error}", "restore it from a backup") from error
        if (self.path / "postgres").exists():
            raise ServeError(
                f"{path} is gone, and with it the password of the database in {self.path / 'postgres'}",
                f"restore it, or move {self.path} away to begin with an empty database",
            )
        made = Secrets(secrets.token_hex(24), secrets.token_hex(24), secrets.token_hex(32))
        self._write(path, msgspec.json.encode(made), 0o600)
        return made

    def last_port(self, server: str) -> int | None:
        """The port the server had last, if it has had one."""
        return self._ports().get(server)

    def keep_port(self, server: str, port: int) -> None:
        """Remember the port for the next start and for those who join."""
        self._write(self.path / "ports.json", json.dumps({**self._ports(), server: port}).encode(), 0o644)

    def _ports(self) -> Mapping[str, int]:
        try:
            return msgspec.json.decode((self.path / "ports.json").read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _write(self, path: Path, content: bytes, mode: int) -> None:
        """Whole or not at all, even if the machine stops in the middle."""
        handle, half = tempfile.mkstemp(dir=self.path)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(half).replace(path)


def choose_port(variable: str, wanted: int | None, last: int | None) -> int:
    """The wanted port, else the last one, else any free one. Raises ServeError when the wanted is taken."""
    if wanted is not None:
        if not _is_free(wanted):
            raise ServeError(
                f"port {wanted} on {HOST} is taken or not allowed",
                f"stop what listens there, or set {variable} to another port (or unset it for any free one)",
            )
        return wanted
    if last is not None and _is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def running(pid_file: Path, program: str) -> int | None:
    """The process named in the file, if it is alive, is that program and works in the file's folder.

    A process id alone proves nothing: after a restart of the machine it may be anyone's.
    """
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split("\n")[0]))
        ours = process.name() == program and Path(process.cwd()) == pid_file.parent.resolve()
        return process.pid if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def way_out(reason: str) -> str:
    """What to do about a folder in which something failed for this reason."""
    full = "no space left" in reason.lower() or "quota" in reason.lower()
    return f"{'make room there' if full else 'mend this folder'}, or set TRADELINE_HOME to another"


def keep_old(log: Path) -> None:
    """Begin a new log; the one of the last start stays beside it."""
    if log.exists():
        log.replace(log.with_suffix(".old"))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _copy_whole(sources: list[Path], target: Path) -> None:
    """Copy these folders into a new one, which is whole or not there. Raises ServeError."""
    for left in target.parent.glob("half-*"):
        shutil.rmtree(left)
    half = Path(tempfile.mkdtemp(prefix="half-", dir=target.parent))
    try:
        for source in sources:
            if source.exists():
                shutil.copytree(source, half / source.name, symlinks=True, ignore=_unneeded)
        half.chmod(0o755)
        half.rename(target)
    except shutil.Error as error:  # one entry for each file: the first tells all
        shutil.rmtree(half)
        reason = str(error.args[0][0][2]).partition(":")[0]
        raise ServeError(f"{target} could not be written: {reason}", way_out(reason)) from None


def _unneeded(_folder: str, names: list[str]) -> list[str]:
    return [
        name for name in names if name in ("include", "pgxs", "doc", "__pycache__") or name.endswith(".a")
    ]
