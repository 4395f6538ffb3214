"""A loopback server that the real SDKs are pointed at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback.providers.server import ProviderServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    with ProviderServer(lambda model, system, user: f"heard: {user}") as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
