"""Ids of this machine's agents: one that died is continued by the next worker.

The server then hears that the dead agent's runs are alive no longer, also of one that it gave out with its last
answer and that nobody has written down.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from filelock import FileLock, Timeout

from rag_sweeps.store.files import write_text_atomic
from rag_sweeps.store.sweeps import SweepLog


class Identity:
    """The id of an agent, held as long as its process lives."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path, self._lock = path, lock

    @property
    def agent(self) -> str:
        return unquote(self._path.stem)

    def forget(self) -> None:
        """The agent ended as it should, or the server does not know it."""
        self._path.unlink(missing_ok=True)
        self._lock.release()


def orphan(log: SweepLog) -> Identity | None:
    """The id of an agent that died."""
    for path in sorted(_folder(log).glob("*.agent")):
        identity = _hold(path)
        if identity is not None:
            return identity
    return None


def keep(log: SweepLog, agent: str) -> Identity:
    path = _folder(log) / f"{quote(agent, safe='')}.agent"
    write_text_atomic(path, "")
    identity = _hold(path)
    assert identity is not None, "the server gives out every id once"
    return identity


def _hold(path: Path) -> Identity | None:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    if not path.is_file():
        lock.release()  # it ended between the listing and the lock
        return None
    return Identity(path, lock)


def _folder(log: SweepLog) -> Path:
    return log.folder / "agents"
