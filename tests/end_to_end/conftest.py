"""Servers of this machine that speak as the providers and as W&B do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from loopback.fixtures import hosted, server
from loopback.providers.server import ProviderServer

__all__ = ["hosted", "providers", "server"]


def reply(model: str, system: str, user: str) -> str:
    """A generator that always says the same, and a judge that gives everybody the highest grade."""
    if "claude" in model:
        return json.dumps({"reason": "it says what the reference says", "grade": "A"})
    return json.dumps({"answer": "Twenty-six days.", "citations": [1]})


@pytest.fixture
def providers() -> Iterator[ProviderServer]:
    with ProviderServer(reply) as running:
        yield running
