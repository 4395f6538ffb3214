"""Fixtures of tests that run the real clients against the loopback server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import LoopbackServer


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server of the test's own; what it could not answer fails the test."""
    with LoopbackServer() as running:
        yield running
        problems = list(running.problems)
    assert problems == []


@pytest.fixture
def hosted(server: LoopbackServer, tmp_path: Path) -> dict[str, str]:
    """The whole environment of a subprocess that is logged in there, with folders of its own."""
    folders = {
        name: str(tmp_path / "clients" / name.lower())
        for name in (
            "WANDB_DIR",
            "WANDB_CACHE_DIR",
            "WANDB_DATA_DIR",
            "WANDB_CONFIG_DIR",
            "WANDB_ARTIFACT_DIR",
            "WEAVE_SERVER_CACHE_DIR",
        )
    }
    for folder in folders.values():
        Path(folder).mkdir(parents=True)
    own = {"NETRC": str(tmp_path / "clients" / "netrc"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return {**os.environ, **server.environment(), **folders, **own}
