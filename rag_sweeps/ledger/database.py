"""The address of a ledger -> transactions in it, in SQLite or PostgreSQL; every wait in them ends.

Foreign errors are translated here. The password of an address never stands in one.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.ledger.tables import METADATA
from rag_sweeps.store.files import home, shown

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

VARIABLE = "RAG_SWEEPS_LEDGER"
WAIT_S = 60
"""The longest that anything waits for another worker."""

_CONNECT_S = 10
_POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgres")
_FORMS = "sqlite:///path/of/ledger.sqlite or postgresql://user:password@host/database"
_CREATING = 7236411
"""The key of PostgreSQL's advisory lock under which the tables are made."""


class Database:
    """One ledger's database, for all threads of this process."""

    def __init__(self, url: str | None) -> None:
        self._url = _parse(url or os.environ.get(VARIABLE) or f"sqlite:///{home() / 'ledger.sqlite'}")
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.place = _place(self._url)
        self._writing = threading.Lock()
        self._process = os.getpid()
        try:
            self._engine = _sqlite_engine(self._url) if self.is_sqlite else _postgresql_engine(self._url)
            self.close = weakref.finalize(self, _dispose, self._engine, self._process)
            self._create_tables()
        except ImportError as error:
            raise InputError(f"{self.place} needs a driver: pip install 'rag-sweeps[postgresql]'") from error
        except Timeout as error:
            raise InputError(f"{self.place} was being made by another process for {WAIT_S} s; try again") from error
        except (SQLAlchemyError, OSError) as error:
            remedy = f"mend {VARIABLE}, or what it names"
            raise InputError(f"the ledger {self.place} cannot be opened: {self._reason(error)}; {remedy}") from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Committed at the end of the block, undone where it raises. Raises TrialError where the database fails."""
        self._leave_parent()
        with self._translated(), self._exclusive(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Sees one state of the database, and keeps nobody from writing."""
        self._leave_parent()
        with self._translated(), self._engine.execution_options(reads=True).begin() as connection:
            yield connection

    def _leave_parent(self) -> None:
        """A forked child must not speak through its parent's connections."""
        if os.getpid() != self._process:
            self._engine.dispose(close=False)
            self._process, self._writing = os.getpid(), threading.Lock()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise TrialError(f"the ledger {self.place} failed: {self._reason(error)}") from error

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """SQLite has one writer: threads take turns here, which is fairer than its own polling."""
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=WAIT_S):
            raise TrialError(f"the ledger {self.place} was busy for {WAIT_S} s; is its disk full or very slow?")
        try:
            yield
        finally:
            self._writing.release()

    def _create_tables(self) -> None:
        if self.is_sqlite:
            path = Path(str(self._url.database))
            path.parent.mkdir(parents=True, exist_ok=True)
            # Of many processes that switch a new file to WAL, one now and then meets "database is locked" at once,
            # whatever the timeout.
            with FileLock(f"{path}.lock", timeout=WAIT_S):
                with self._engine.connect() as connection:
                    connection.commit()
                    connection.connection.cursor().execute("PRAGMA journal_mode=WAL")
                with self._engine.begin() as connection:
                    METADATA.create_all(connection)
            return
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATING})")
            METADATA.create_all(connection)

    def _reason(self, error: Exception) -> str:
        """The driver's own words on one line, without SQL, values and password."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        text = " ".join(str(cause).split()) or type(cause).__name__
        if isinstance(error, PoolTimeoutError):
            text = f"no free connection for {WAIT_S} s"
        if "database is locked" in text:
            text = f"another process kept it locked for {WAIT_S} s"
        for secret in (self._url.password, *_texts(self._url.query.get("password"))):
            text = text.replace(secret, "***") if secret else text
        return text


def _dispose(engine: Engine, process: int) -> None:
    """Close what this process opened; a forked child would hang up on its parent."""
    engine.dispose(close=os.getpid() == process)


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # from None: SQLAlchemy's own words may quote the address with its password.
        raise InputError(f"{VARIABLE} is no address of a database; write {_FORMS}") from None
    if url.drivername in _POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise InputError(f"{VARIABLE} names {url.drivername!r}, which is not supported; write {_FORMS}")
    if not url.database or ":memory:" in url.database or url.query:
        raise InputError(f"{VARIABLE} names no file, and workers share a ledger; write {_FORMS}")
    return url.set(database=os.path.abspath(url.database))


def _place(url: URL) -> str:
    """How errors name the database: without user, password and settings."""
    if url.get_backend_name() == "sqlite":
        return shown(Path(str(url.database)))
    host = url.host or "".join(_texts(url.query.get("host"))[:1]) or "localhost"
    return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _texts(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_S}, pool_timeout=WAIT_S)

    @event.listens_for(engine, "connect")
    def connected(connection: DBAPIConnection, record: object) -> None:
        # The driver begins no transaction of its own: `began` does, as a writer from its first statement on.
        connection.isolation_level = None
        # What the system loses when its power fails is a settlement at most, and its reservation stays at the worst.
        connection.cursor().execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        # A transaction that begins as a reader cannot become a writer once another has written.
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "application_name": "rag-sweeps",
            "client_encoding": "utf8",
            "tcp_user_timeout": 1000 * WAIT_S,
        },
        pool_pre_ping=True,
        pool_timeout=WAIT_S,
        # A server takes a hundred connections by default, and each worker is a process: transactions are short.
        pool_size=2,
        max_overflow=0,
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "connect")
    def connected(connection: DBAPIConnection, record: object) -> None:
        cursor = connection.cursor()
        # The last one frees what a stopped worker holds.
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET {name} = '{WAIT_S}s'")
        cursor.close()
        connection.commit()

    return engine
