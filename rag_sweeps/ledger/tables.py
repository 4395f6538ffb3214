"""The tables of a ledger, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

_ID = BigInteger().with_variant(Integer, "sqlite")

CALLS = Table(
    "calls",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("sweep_id", Text, nullable=False),
    Column("trial_id", Text, nullable=False),
    Column("question_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("worst_nano_usd", BigInteger, nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("batch", Boolean, nullable=False),
    Column("from_cache", Boolean, nullable=False),
    Column("latency_s", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("calls_of_sweep", "sweep_id", "id"),
)
"""One row per call. nano_usd: what it did cost, 0 while open; at: seconds since 1970 when its row last changed."""

TOTALS = Table(
    "totals",
    METADATA,
    Column("sweep_id", Text, primary_key=True),
    Column("spent_nano_usd", BigInteger, nullable=False),
    Column("held_nano_usd", BigInteger, nullable=False),
)
"""Sums over the calls of a sweep, changed in the same transaction as they: a cap is checked without adding up."""

PACES = Table(
    "paces",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("next_request_at", Double, nullable=False),
    Column("next_token_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)
"""When the next call to a provider may start, by its limit of requests and by that of tokens."""
