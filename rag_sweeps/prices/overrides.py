"""A prices file -> what each of its models costs; everything wrong with it is named with file, line and remedy.

    openai:gpt-x: {input: 1.25, cached_input: 0.125, output: 10.0, source: "https://…", date: 2026-11-01}
    compatible:llama: {free: true}

Dollars per million tokens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

from rag_sweeps.config.problems import ConfigError, Problem, show_key, suggest
from rag_sweeps.config.yaml_marks import Marked, read_marked
from rag_sweeps.parameters import PROVIDERS

RATES = ("input", "cached_input", "cache_write", "output")
KEYS = (*RATES, "batch_discount", "free", "source", "date")
EXAMPLE = 'openai:gpt-x: {input: 1.25, output: 10.0, source: "https://…", date: 2026-11-01}'

BATCH_DISCOUNT = {"openai": "0.5", "anthropic": "0.5", "compatible": "0"}
CACHE_WRITE_FACTOR = {"openai": "1", "anthropic": "1.25", "compatible": "1"}
"""What a provider asks for what a file leaves out; reading from its cache then costs as much as any input."""


@dataclass(frozen=True, slots=True)
class WrittenPrice:
    """One entry, in dollars per million tokens. output: None where the model writes nothing, as an embedding model."""

    input: Decimal
    cached_input: Decimal
    cache_write: Decimal
    output: Decimal | None
    batch_discount: Decimal
    source: str
    date: str


_ZERO = Decimal(0)
FREE = WrittenPrice(_ZERO, _ZERO, _ZERO, _ZERO, _ZERO, source="", date="")


class _DatesAsText(yaml.SafeLoader):
    """YAML without timestamps: a date is written as it is printed, and needs no quotes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class variable
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_overrides(path: Path) -> dict[str, WrittenPrice]:
    """`provider:model` -> its price. Raises ConfigError with every problem of the file."""
    document, problems = read_marked(path, what="a prices file", example=EXAMPLE, loader_class=_DatesAsText)
    for name in document.entries:
        problems += check_entry(name, document)
    if problems:
        raise ConfigError(problems)
    return {name: _written(name, entry.plain) for name, entry in document.entries.items()}


def digest_overrides(overrides: Mapping[str, WrittenPrice]) -> str:
    """12 hex characters of all prices in a file, whatever its order and comments."""
    plain = {name: {key: str(value) for key, value in asdict(price).items()} for name, price in overrides.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]


def check_entry(name: str, document: Marked) -> Iterator[Problem]:
    """Everything wrong with one model's entry."""
    entry, shown = document.entries[name], show_key(name)
    provider, _, model = name.partition(":")
    if provider not in PROVIDERS or not model:
        remedy = f"write <provider>:<model>, the provider one of {', '.join(PROVIDERS)}"
        yield document.refuse_key(name, shown, "names no model of a provider", remedy)
    if not entry.is_mapping:
        yield entry.refuse_value(shown, "is no mapping", f"write {EXAMPLE}")
        return
    for key in entry.entries:
        if key not in KEYS:
            yield entry.refuse_key(key, f"{shown}.{show_key(key)}", "unknown key of a price", suggest(key, KEYS))
    yield from (_check_free if "free" in entry.entries else _check_priced)(shown, entry)


def _check_free(shown: str, entry: Marked) -> Iterator[Problem]:
    if entry.plain["free"] is not True:
        yield entry.entries["free"].refuse_value(f"{shown}.free", "is not true", "write free: true, or remove it")
    for key in (*RATES, "batch_discount"):
        if key in entry.entries:
            yield entry.refuse_key(key, f"{shown}.{key}", "stands beside free", "keep one of them")


def _check_priced(shown: str, entry: Marked) -> Iterator[Problem]:
    needed = {
        "input": "write input: <dollars per million tokens>, or free: true",
        "source": 'write source: "https://…"',
    }
    needed["date"] = "write the day on which the price was read: date: 2026-11-01"
    for key, remedy in needed.items():
        if key not in entry.entries:
            yield entry.refuse_key(key, f"{shown}.{key}", "is missing", remedy)
    for key in RATES:
        node = entry.entries.get(key)
        if node is not None and not _is_number(node.plain, high=1e6):
            remedy = "write dollars per million tokens, from 0 to 1000000"
            yield node.refuse_value(f"{shown}.{key}", "is no price", remedy)
    discount = entry.entries.get("batch_discount")
    if discount is not None and not _is_number(discount.plain, high=1.0):
        remedy = "write the share that is taken off, from 0 to 1"
        yield discount.refuse_value(f"{shown}.batch_discount", "is no share", remedy)
    source = entry.entries.get("source")
    if source is not None and not (isinstance(source.plain, str) and source.plain.strip()):
        yield source.refuse_value(f"{shown}.source", "is no source", needed["source"])
    day = entry.entries.get("date")
    if day is not None and not _is_date(day.plain):
        yield day.refuse_value(f"{shown}.date", "is no date", "write it as 2026-11-01")


def _is_number(value: object, *, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _written(name: str, plain: Mapping[str, object]) -> WrittenPrice:
    if plain.get("free"):
        return FREE
    provider = name.partition(":")[0]
    given = {key: Decimal(str(plain[key])) for key in (*RATES, "batch_discount") if key in plain}
    return WrittenPrice(
        input=given["input"],
        cached_input=given.get("cached_input", given["input"]),
        cache_write=given.get("cache_write", given["input"] * Decimal(CACHE_WRITE_FACTOR[provider])),
        output=given.get("output"),
        batch_discount=given.get("batch_discount", Decimal(BATCH_DISCOUNT[provider])),
        source=str(plain["source"]),
        date=str(plain["date"]),
    )
