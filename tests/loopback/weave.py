"""Weave."""

from __future__ import annotations

from typing import Any

from .graphql import Unanswered


class WeaveState:
    def __init__(self) -> None:
        self.calls: dict[str, Any] = {}
        self.objects: list[Any] = []


def answer(owner: Any, method: str, path: str, content_type: str, body: bytes) -> tuple[int, Any, str]:
    raise Unanswered(f"{method} {path}")
