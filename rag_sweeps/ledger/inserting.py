"""A row that may be there already -> there once, whoever else makes it at the same time."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_missing(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    """Insert a row by its primary key; nothing changes where there is one."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).values(dict(row)).on_conflict_do_nothing())
