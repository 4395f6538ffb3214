"""The name of a prompt -> its text and its revision: a shipped file, or one of the user's own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from rag_sweeps.errors import InputError

SHIPPED = {"answer": ".md", "judge": ".yaml"}
"""Kinds of prompts, each a folder of this package, and how its files end."""

MAX_PROMPT_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class PromptFile:
    """name: as a config has it. revision: changes whenever the text does, whatever the name says."""

    name: str
    text: str
    revision: str


def shipped_prompts(kind: str) -> tuple[str, ...]:
    """`answer/1`, …: what a config can name without a file."""
    names = (entry.name for entry in files(__package__).joinpath(kind).iterdir())
    return tuple(sorted(f"{kind}/{name.removesuffix(SHIPPED[kind])}" for name in names if name.endswith(SHIPPED[kind])))


def read_prompt(name: str, *, kind: str) -> PromptFile:
    """A prompt of one kind. Raises InputError for a name that is neither shipped nor a readable text file."""
    found = re.fullmatch(r"(\w+)/(\d+)", name)
    if found is None or found[1] not in SHIPPED:
        return _own(name, kind)
    if found[1] != kind or name not in shipped_prompts(kind):
        known = ", ".join(shipped_prompts(kind))
        raise InputError(f"{kind}_prompt: {name!r} is not shipped; use {known}, or the path of a file of your own")
    path = files(__package__).joinpath(kind, found[2] + SHIPPED[kind])
    return _prompt(name, path.read_text(encoding="utf-8"))


def prompt_revision(name: str) -> str:
    """What a trial id holds of a prompt: its name and the digest of its text, or only the digest of a user's own file.

    The path of an own file is left out, so that moving it makes no new trial.
    """
    kind = name.partition("/")[0]
    return read_prompt(name, kind=kind if kind in SHIPPED else "answer").revision


def _own(name: str, kind: str) -> PromptFile:
    path = Path(name)
    try:
        if path.stat().st_size > MAX_PROMPT_BYTES:
            raise InputError(f"{kind}_prompt: {name!r} is larger than {MAX_PROMPT_BYTES:,} bytes; that is no prompt")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        known = ", ".join(shipped_prompts(kind))
        raise InputError(
            f"{kind}_prompt: {name!r} is no text file that can be read; use {known}, or mend the path"
        ) from error
    if not text.strip():
        raise InputError(f"{kind}_prompt: {name!r} is empty; write instructions into it")
    return _prompt("own", text, shown=name)


@lru_cache(maxsize=64)
def _prompt(label: str, text: str, *, shown: str | None = None) -> PromptFile:
    text = text.replace("\r\n", "\n")
    return PromptFile(shown or label, text, f"{label}@{hashlib.sha256(text.encode()).hexdigest()[:16]}")
