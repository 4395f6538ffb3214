"""A loopback W&B and Weave server for each test, and the environment that points clients at it."""

from __future__ import annotations

from loopback.fixtures import hosted, server

__all__ = ["hosted", "server"]
