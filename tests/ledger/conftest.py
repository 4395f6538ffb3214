"""A ledger in SQLite and one in PostgreSQL, each empty for its test, and calls to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from postgres import running_postgres

from rag_sweeps.ledger import Ledger

CALL = {"provider": "openai", "model": "gpt-x", "purpose": "generate", "trial_id": "t", "question_id": "q"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deep' / 'ledger.sqlite'}"
    server: str = request.getfixturevalue("postgres")
    name = f"ledger_{next(_NUMBERS)}"  # a schema is as empty as a database, and made at once
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}?options=-csearch_path%3D{name}"


_NUMBERS = count()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def reserve(ledger: Ledger) -> Callable[..., int]:
    """Reserve one call; what is not said is the same for all."""

    def one(worst_usd: float, *, budget_usd: float | None = None, sweep_id: str = "s", **call: str) -> int:
        return ledger.reserve(sweep_id=sweep_id, budget_usd=budget_usd, worst_usd=worst_usd, **{**CALL, **call})

    return one
