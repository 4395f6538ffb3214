"""A real PostgreSQL for tests: a server of its own in a temporary folder, reached over a socket and a loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

TIMEOUT_S = 120
PASSWORD = "not-for-any-log"
_ATTEMPTS = 3


def binaries() -> Path | None:
    """The newest PostgreSQL of Debian's packages, or what PATH has."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: [int(part) for part in path.parent.name.split(".")])
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of an empty database; the server and its files are gone afterwards."""
    bin_dir = binaries()
    if bin_dir is None:
        pytest.skip("PostgreSQL's binaries are not installed: apt-get install postgresql")
    # Sockets have short names, and the server's user has to reach its folder: not below pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(password_file, "postgres")
        data = folder / "data"
        _run(
            bin_dir / "initdb",
            "-D",
            data,
            "-U",
            "tester",
            "-E",
            "UTF8",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password_file,
            "-N",
        )
        port = _start(bin_dir, folder, data)
        try:
            yield f"postgresql://tester:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            _run(bin_dir / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(bin_dir: Path, folder: Path, data: Path) -> int:
    """The port it listens on; another process may take a free port first, so it is tried again."""
    for attempt in range(_ATTEMPTS):
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -p {port}"
        try:
            log = folder / f"server-{attempt}.log"
            _run(bin_dir / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "-t", str(TIMEOUT_S // 2), "start")
        except AssertionError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return port
    raise AssertionError("not reached")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(*command: str | Path | Sequence[str]) -> None:
    """As user postgres where this is root: PostgreSQL refuses to run as root."""
    done = subprocess.run(
        [str(part) for part in command],
        user="postgres" if os.geteuid() == 0 else None,
        cwd="/tmp",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stdout
