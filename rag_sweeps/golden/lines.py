"""The text of a JSON Lines file -> one object per line, with its line number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rag_sweeps.golden.problems import Problem, shorten_quote, suggest_name

EXPECTED = {
    "string_type": "write a string",
    "int_type": "write a whole number",
    "list_type": "write a list",
    "model_type": "write an object",
    "model_attributes_type": "write an object",
    "dict_type": "write an object",
}


@dataclass(frozen=True, slots=True)
class JsonLine:
    """Line `number` (from 1) of a file, as written and as parsed."""

    number: int
    text: str
    value: dict[str, object]


def parse_lines(file: str, text: str, problems: list[Problem]) -> Iterator[JsonLine]:
    """Every line that is a JSON object; blank lines are skipped, the others are problems.

    Only a newline ends a line: str.splitlines would also cut at U+2028, which JSON allows inside a string.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError as error:
            problems.append(Problem(file, number, f"{error}; write one JSON object per line"))
            continue
        if isinstance(value, dict):
            yield JsonLine(number, line, value)
        else:
            problems.append(Problem(file, number, f"{shorten_quote(line)} is no object; write {{...}}"))


def parse_json(text: str) -> object:
    """json.loads without its silent choices: a repeated key, NaN or half a surrogate pair is a ValueError."""
    try:
        value: object = json.loads(text, object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg}, column {error.colno})") from error
    except UnicodeEncodeError as error:
        raise ValueError("holds half of a surrogate pair, which is no character") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    return value


def describe_errors(error: ValidationError, model: type[BaseModel], nested: type[BaseModel] | None = None) -> list[str]:
    """What pydantic found, in this package's words: name, value, remedy. `nested` is the model one level down."""
    return [_describe_error(item, model, nested) for item in error.errors(include_url=False)]


def _describe_error(item: ErrorDetails, model: type[BaseModel], nested: type[BaseModel] | None) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden":
        known = model if len(item["loc"]) == 1 or nested is None else nested
        names = sorted(known.model_fields)
        hint = suggest_name(str(item["loc"][-1]), names) or f"; the keys are {', '.join(names)}"
        return f"unknown key {key!r}{hint}"
    if item["type"] == "missing":
        return f"{key!r} is missing; add it"
    if item["type"] == "literal_error":
        return f"{key!r} is {item['input']!r}; write {item['ctx']['expected']}"
    shown = shorten_quote(str(item["input"])) if isinstance(item["input"], str) else repr(item["input"])[:60]
    return f"{key!r} is {shown}; {EXPECTED.get(item['type'], item['msg'])}"


def _refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"has the key {twice!r} twice")
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"holds {name}, which is not JSON")
