"""Vectors kept by content: the same text under the same model is never embedded twice.

One SQLite file per model, in WAL mode: several processes may read and write, kill -9 loses at most the batch in
flight, and nothing in it is executable. Every row carries a checksum; a damaged row, or a damaged file, is
reported and computed again.
"""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.records import Embedded, Role
from rag_sweeps.store.files import home

CHECKSUM_BYTES = 8
BUSY_TIMEOUT_S = 60.0
ROWS_PER_QUERY = 500


class VectorCache:
    """The vectors of one embedder identity."""

    def __init__(self, identity: str, folder: Path | None = None) -> None:
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._path = (folder or home() / "cache" / "vectors") / f"{name}.sqlite"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._identity = identity
        self._lock = FileLock(f"{self._path}.lock")

    def get_or_compute(
        self,
        texts: Sequence[str],
        *,
        role: Role,
        compute: Callable[[Sequence[str]], Iterator[Embedded]],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Embedded:
        """One row per text. `compute` is called only for distinct texts that are missing and yields batches.

        Only one process computes at a time, so two workers never embed one text twice; the other waits and reads.
        """
        keys = [_key(text, role) for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        found = self._read(list(distinct))
        if len(found) < len(distinct):
            with self._lock:
                found |= self._read([key for key in distinct if key not in found])
                # Texts of like length share a batch, so that little is padded.
                missing = sorted((key for key in distinct if key not in found), key=lambda key: len(distinct[key]))
                if missing:
                    found |= self._computed([(key, distinct[key]) for key in missing], compute, progress)
        rows_in_order = [found[key] for key in keys]
        return Embedded(
            vectors=np.array([np.frombuffer(row[0], dtype=np.float32) for row in rows_in_order], dtype=np.float32),
            truncated=np.array([row[1] for row in rows_in_order], dtype=bool),
            n_tokens=np.array([row[2] for row in rows_in_order], dtype=np.int64),
            seconds=np.array([row[3] for row in rows_in_order], dtype=np.float64),
        )

    def count(self) -> int:
        """Vectors that are kept; a damaged file has none."""
        if not self._path.is_file():
            return 0
        try:
            with self._connection() as connection:
                return int(connection.execute("SELECT COUNT(*) FROM vectors").fetchone()[0])
        except sqlite3.DatabaseError:
            return 0

    def _computed(
        self,
        missing: Sequence[tuple[bytes, str]],
        compute: Callable[[Sequence[str]], Iterator[Embedded]],
        progress: Callable[[int, int], None],
    ) -> dict[bytes, _Row]:
        """Rows of texts that nobody embedded yet, each batch kept before the next one begins."""
        keys = [key for key, _ in missing]
        found: dict[bytes, _Row] = {}
        progress(0, len(missing))
        for batch in compute([text for _, text in missing]):
            done = len(found)
            rows = dict(zip(keys[done : done + len(batch.vectors)], _rows_of(batch), strict=True))
            self._write(rows)
            found |= rows
            progress(len(found), len(missing))
        return found

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, _Row]:
        try:
            with self._connection() as connection:
                return self._read_rows(connection, keys)
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            return {}

    def _read_rows(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, _Row]:
        found: dict[bytes, _Row] = {}
        damaged = []
        for at in range(0, len(keys), ROWS_PER_QUERY):
            part = keys[at : at + ROWS_PER_QUERY]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, vector, truncated, tokens, seconds, checksum FROM vectors WHERE key IN ({marks})"  # noqa: S608
            for key, *row, checksum in connection.execute(query, part):
                if checksum == _checksum(key, tuple(row)):
                    found[key] = (row[0], row[1], row[2], row[3])
                else:
                    damaged.append(key)
        if damaged:
            warnings.warn(
                f"{self._path}: {len(damaged)} cached vector(s) are damaged and are computed again",
                DamagedCacheWarning,
                stacklevel=4,
            )
        return found

    def _write(self, rows: dict[bytes, _Row]) -> None:
        try:
            self._insert(rows)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._insert(rows)

    def _insert(self, rows: dict[bytes, _Row]) -> None:
        with self._connection() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?)",
                [(key, *row, _checksum(key, row)) for key, row in rows.items()],
            )

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise error
        warnings.warn(
            f"{self._path} is damaged ({error}); its vectors are computed again", DamagedCacheWarning, stacklevel=4
        )
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S)
        # A damaged row may claim to hold text; as bytes it fails its checksum instead of failing to decode.
        connection.text_factory = bytes
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, "
                "truncated INTEGER NOT NULL, tokens INTEGER NOT NULL, seconds REAL NOT NULL, checksum BLOB NOT NULL) "
                "WITHOUT ROWID"
            )
            with connection:
                yield connection
        finally:
            connection.close()


_Row = tuple[bytes, int, int, float]


def _rows_of(batch: Embedded) -> list[_Row]:
    return [
        (vector.astype(np.float32).tobytes(), int(truncated), int(tokens), float(seconds))
        for vector, truncated, tokens, seconds in zip(
            batch.vectors, batch.truncated, batch.n_tokens, batch.seconds, strict=True
        )
    ]


def _key(text: str, role: Role) -> bytes:
    return hashlib.sha256(f"{role}\0{text}".encode("utf-8", "surrogatepass")).digest()


def _checksum(key: bytes, row: Sequence[object]) -> bytes:
    content = b"\0".join([key, *(value if isinstance(value, bytes) else repr(value).encode() for value in row)])
    return hashlib.sha256(content).digest()[:CHECKSUM_BYTES]
