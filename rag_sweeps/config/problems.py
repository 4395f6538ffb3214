"""What is wrong with a config file -> one error that names every place, value and remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_sweeps.config.api_keys import hide_api_keys
from rag_sweeps.errors import InputError

MAX_VALUE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. line counts from 1, None where the whole file is meant.

    key: where in the file, dotted (`chunk_size.min`), empty for the file itself. value: repr of what stands there, or
    None. The text `value message; remedy` is one sentence. An API key is hidden in every field.
    """

    file: str
    line: int | None
    key: str
    value: str | None
    message: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("key", "message", "remedy"):
            object.__setattr__(self, name, hide_api_keys(getattr(self, name)))
        if self.value is not None:
            object.__setattr__(self, "value", hide_api_keys(self.value))

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        value = f"{self.value} " if self.value is not None else ""
        return f"{place}: {key}{value}{self.message}; {self.remedy}"


class ConfigError(InputError):
    """A sweep config that cannot be used as it is; carries all of its problems, by line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def show_value(value: object) -> str:
    """repr on one line, without keys, its middle left out where it is long."""
    text = hide_api_keys(repr(value))
    if len(text) <= MAX_VALUE_CHARS:
        return text
    half = (MAX_VALUE_CHARS - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def show_key(key: str) -> str:
    """A key as it is written, quoted where it is empty or holds characters that do not print."""
    return key if key and key.isprintable() else repr(key)


def as_yaml(value: object) -> str:
    """How to write a value in a remedy; an ellipsis where it is long."""
    plain = isinstance(value, str) and value.isprintable() and value.strip()
    text = str(value) if plain else json.dumps(value)
    return text if len(text) <= MAX_VALUE_CHARS else "…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be; case does not count."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1)
    return by_lower[near[0]] if near else None


def suggest(word: object, known: Sequence[str], otherwise: str | None = None) -> str:
    """A remedy: the nearest right word, or else all of them."""
    near = nearest(word, known) if isinstance(word, str) else None
    if near is not None:
        return f"did you mean {near}?"
    return otherwise or f"write one of {', '.join(known)}"
