"""Limits per minute -> when the next call may start, in one order for every worker of a ledger.

Calls are spread evenly instead of in bursts: with r requests a minute one starts every 60 / r seconds, and a call of n
tokens takes n of the minute's tokens before the next one starts.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, func, select, update

from rag_sweeps.ledger.inserting import insert_missing
from rag_sweeps.ledger.tables import PACES

MINUTE_S = 60.0


def take_turn(
    connection: Connection,
    provider: str,
    *,
    tokens: int,
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
) -> float:
    """Seconds from now at which this call may start; its turn is taken, under a lock that the transaction ends."""
    request_s = MINUTE_S / requests_per_minute if requests_per_minute else 0.0
    tokens_s = MINUTE_S * tokens / tokens_per_minute if tokens_per_minute else 0.0
    _make_row(connection, provider)
    row = connection.execute(select(PACES).where(PACES.c.provider == provider).with_for_update()).one()
    now = _clock(connection)
    # A clock that was set back would leave every worker waiting for a time long past.
    free_request, free_token = (row.next_request_at, row.next_token_at) if now >= row.seen_at - 1.0 else (now, now)
    start = max(now, free_request if request_s else now, free_token if tokens_s else now)
    connection.execute(
        update(PACES)
        .where(PACES.c.provider == provider)
        .values(
            next_request_at=max(free_request, start + request_s),
            next_token_at=max(free_token, start + tokens_s),
            seen_at=now,
        )
    )
    return start - now


def _make_row(connection: Connection, provider: str) -> None:
    row = {"provider": provider, "next_request_at": 0.0, "next_token_at": 0.0, "seen_at": 0.0}
    insert_missing(connection, PACES, row)


def _clock(connection: Connection) -> float:
    """Seconds since 1970: the server's clock where workers on several machines share it."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
