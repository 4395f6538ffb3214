"""Usage -> dollars."""

from __future__ import annotations

from pathlib import Path

from rag_sweeps.errors import InputError
from rag_sweeps.records import Usage


class Prices:
    def __init__(self, overrides: Path | None = None) -> None:
        self._overrides = overrides

    def usd(self, usage: Usage) -> float:
        if usage.provider == "local":
            return 0.0
        raise InputError(f"no price for '{usage.provider}:{usage.model}'; only local models can be used")
