"""Requests -> the replies that were paid for, so that no request is paid twice.

One SQLite file in WAL mode, shared by every sweep and process of a home. A reply is on its way to the disk before
`put` returns, so kill -9 loses at most the calls in flight. Every row carries a checksum; a damaged row is reported
and asked again. A file that is damaged as a whole is put beside itself, not deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.records import ChatRequest, Completion, Usage
from rag_sweeps.store.files import canonical_json, home

BUSY_TIMEOUT_S = 60.0
CHECKSUM_BYTES = 8

T = TypeVar("T")


class ReplyStore:
    """Replies by the key of their request. Safe from many threads and processes."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "cache" / "replies.sqlite"
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()

    def get(self, key: str) -> Completion | None:
        """The reply as it was paid for, its usage marked `from_cache`; None where there is none to use."""
        row = self._row(key)
        if row is None:
            return None
        fields = json.loads(row[1])
        usage = Usage(**fields["usage"])
        return Completion(text=fields["text"], usage=replace(usage, from_cache=True), problem=fields["problem"])

    def request_of(self, key: str) -> ChatRequest | None:
        """The request that a reply answers."""
        row = self._row(key)
        return ChatRequest(**json.loads(row[0])) if row is not None else None

    def put(self, request: ChatRequest, completion: Completion) -> None:
        """Keep a reply, also one with a problem: it was paid as well."""
        asked = canonical_json(asdict(request)).encode()
        key = hashlib.sha256(asked).hexdigest()  # as `request_key` has it
        paid = replace(completion, usage=replace(completion.usage, from_cache=False))
        replied = canonical_json(asdict(paid)).encode()
        row = (key, asked, replied, _checksum(key, asked, replied))
        self._do(lambda db: db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", row))

    def count(self, model: str) -> int:
        """How many replies of a model are kept, as a config names it; damaged rows are not counted."""
        if not self.path.exists():
            return 0
        of_model = "CASE WHEN json_valid(asked) THEN json_extract(asked, '$.model') END = ?"
        rows = f"SELECT CAST(request AS TEXT) AS asked FROM replies WHERE {of_model}"  # noqa: S608
        return int(self._do(lambda db: db.execute(f"SELECT COUNT(*) FROM ({rows})", (model,)).fetchone()[0]))  # noqa: S608

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _row(self, key: str) -> tuple[bytes, bytes] | None:
        if not self.path.exists():
            return None
        select = "SELECT request, reply, checksum FROM replies WHERE key = ?"
        row = self._do(lambda db: db.execute(select, (key,)).fetchone())
        if row is None:
            return None
        asked, replied, checksum = (part if isinstance(part, bytes) else b"" for part in row)
        if checksum == _checksum(key, asked, replied):
            return asked, replied
        warnings.warn(
            f"{self.path}: the reply stored as {key[:12]}… is damaged and is asked again",
            DamagedCacheWarning,
            stacklevel=3,
        )
        return None

    def _do(self, statement: Callable[[sqlite3.Connection], T]) -> T:
        """Run one statement; once more on a new file where the old one turns out to be damaged."""
        with self._lock:
            try:
                return statement(self._opened())
            except sqlite3.OperationalError:
                raise  # locked for a minute, or a full disk: the file itself is sound
            except sqlite3.DatabaseError as error:
                self._set_aside(error)
                return statement(self._opened())

    def _opened(self) -> sqlite3.Connection:
        if self._process != os.getpid():  # a connection must not cross a fork
            self._connection, self._process = None, os.getpid()
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(self.path)
        return self._connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        warnings.warn(
            f"{self.path} is damaged ({error}); it is kept as {aside.name} and its replies are asked again",
            DamagedCacheWarning,
            stacklevel=5,
        )
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    # A damaged row may claim to hold text; as bytes it fails its checksum instead of failing to decode.
    connection.text_factory = bytes
    try:
        # Going over to WAL does not wait like other statements when several processes do it at once.
        _patiently(lambda: connection.execute("PRAGMA journal_mode=WAL"))
        connection.execute("PRAGMA synchronous=NORMAL")
        _patiently(
            lambda: connection.execute(
                "CREATE TABLE IF NOT EXISTS replies "
                "(key TEXT PRIMARY KEY, request BLOB NOT NULL, reply BLOB NOT NULL, checksum BLOB NOT NULL)"
            )
        )
    except BaseException:
        connection.close()
        raise
    return connection


def _patiently(statement: Callable[[], object]) -> None:
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            statement()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _checksum(key: str, asked: bytes, replied: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((key.encode(), asked, replied))).digest()[:CHECKSUM_BYTES]
