"""How large a proof runs: small in every test run, in full with RAG_SWEEPS_PROVE=1."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def at_scale(small: T, full: T) -> T:
    """The full size where the environment asks for it."""
    return full if os.environ.get("RAG_SWEEPS_PROVE") == "1" else small
