"""A reply's bytes -> JSON, every part checked when it is read: the SDKs build their objects without checking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag_sweeps.errors import ProviderFaultError


def broken_promise(source: str, what: str) -> ProviderFaultError:
    """A reply that has come, and so may be billed, and that nobody can read."""
    return ProviderFaultError(f"{source} sent what its API does not promise: {what}")


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object, whose it is and where it stands. Every reader raises ProviderFaultError for another type."""

    values: Mapping[str, Any]
    source: str
    path: str = "reply"

    def text(self, name: str) -> str:
        return self._of(name, str, "a text")  # type: ignore[no-any-return]

    def text_or_none(self, name: str) -> str | None:
        return None if self.values.get(name) is None else self.text(name)

    def count(self, name: str) -> int:
        """A whole number from 0 up."""
        value = self._of(name, int, "a whole number")
        if isinstance(value, bool) or value < 0:
            raise self.wrong(name, "a count")
        return int(value)

    def count_or_zero(self, name: str) -> int:
        return 0 if self.values.get(name) is None else self.count(name)

    def body(self, name: str) -> Body:
        return Body(self._of(name, dict, "an object"), self.source, f"{self.path}.{name}")

    def body_or_empty(self, name: str) -> Body:
        return Body({}, self.source, f"{self.path}.{name}") if self.values.get(name) is None else self.body(name)

    def bodies(self, name: str) -> list[Body]:
        """A list of objects."""
        return [_body(value, self.source, f"{self.path}.{name}[{i}]") for i, value in enumerate(self.items(name))]

    def items(self, name: str) -> list[Any]:
        return self._of(name, list, "a list")  # type: ignore[no-any-return]

    def wrong(self, name: str, wanted: str) -> ProviderFaultError:
        found = f"of type {type(self.values[name]).__name__}" if name in self.values else "missing"
        return broken_promise(self.source, f"{self.path}.{name} is {found}, not {wanted}")

    def _of(self, name: str, kind: type, wanted: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, kind):
            raise self.wrong(name, wanted)
        return value


def parse_body(content: bytes, source: str) -> Body:
    """source: names the model in a message. Raises ProviderFaultError for bytes that are no JSON object."""
    try:
        return _body(json.loads(content), source, "reply")
    except (ValueError, RecursionError):  # without the cause: it holds the whole reply
        raise broken_promise(source, "no JSON") from None


def _body(value: object, source: str, path: str) -> Body:
    if not isinstance(value, dict):
        raise broken_promise(source, f"{path} is no JSON object")
    return Body(value, source, path)
