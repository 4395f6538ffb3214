"""One value of one parameter -> why no trial could use it, without reading models or the index library."""

from __future__ import annotations

import os
import re

from rag_sweeps.config.kinds import expectation, is_nullable, is_numeric, words_of
from rag_sweeps.config.objectives import COST_METRICS, QUALITY_METRICS, suggest_metric
from rag_sweeps.config.problems import suggest
from rag_sweeps.parameters import DEFAULTS, value_problem

LSA_WIDTHS = (2, 4096)

Fault = tuple[str, str]
"""(what is wrong, the remedy), to follow the value in a sentence."""


def find_fault(name: str, value: object) -> Fault | None:
    """None where a trial can use the value. Stricter than pydantic, which takes "256" and true for numbers."""
    if value is None and is_nullable(name):
        return None
    fault = _wrong_type(name, value)
    if fault is not None:
        return fault
    message = value_problem(name, value)
    if message is not None:
        words = words_of(name)
        remedy = suggest(value, words) if words else expectation(name)
        return (f"is none of {', '.join(words)}" if words else re.sub(r"^(input|string) ", "", message), remedy)
    return _STRINGS[name](value) if name in _STRINGS and isinstance(value, str) else None


def _wrong_type(name: str, value: object) -> Fault | None:
    if is_numeric(name):
        if isinstance(value, bool):
            return "is a boolean", expectation(name)
        if isinstance(value, str):
            hint = ", without quotes and with a point before any exponent (1.0e-3)" if _looks_numeric(value) else ""
            return "is text", expectation(name) + hint
    elif isinstance(value, bool | int | float):
        kind = "is a boolean, as YAML reads yes, no, on and off" if isinstance(value, bool) else "is a number"
        return kind, expectation(name) if words_of(name) else "write text in quotes"
    if isinstance(value, list | dict):
        return f"is a {'list' if isinstance(value, list) else 'mapping'}", expectation(name)
    return None


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _model_fault(value: str) -> Fault | None:
    low, high = LSA_WIDTHS
    if value.startswith("lsa-"):
        width = value.removeprefix("lsa-")
        if not re.fullmatch(r"[0-9]{1,6}", width) or not low <= int(width) <= high:
            return "names no LSA model", f"write lsa-<width>, the width from {low} to {high}, for example lsa-256"
    if value.startswith((".", "/")) and not os.path.isdir(value):
        return "is no folder", f"there is nothing at {os.path.abspath(_printable(value))}; mend the path"
    return None


def _tokenizer_fault(value: str) -> Fault | None:
    if value == "tiktoken:":
        return "names no encoding", "write tiktoken:<encoding>, for example tiktoken:cl100k_base"
    if value.endswith(".json") and not os.path.isfile(value):
        return "is no file", f"there is nothing at {os.path.abspath(_printable(value))}; mend the path"
    return None


def _factory_fault(value: str) -> Fault | None:
    if not re.fullmatch(r"[A-Za-z0-9_.:()\[\]+-]+(,[A-Za-z0-9_.:()\[\]+-]+)*", value):
        return "is no FAISS factory string", 'write it without spaces: Flat, HNSW32, "IVF64,Flat"'
    return None


def _stemmer_fault(value: str) -> Fault | None:
    if value in ("none", DEFAULTS["bm25_stemmer"]):
        return None
    import Stemmer

    languages = tuple(Stemmer.algorithms())
    return None if value in languages else ("is no Snowball language", suggest(value, ("none", *languages)))


def _quality_fault(value: str) -> Fault | None:
    return None if value in QUALITY_METRICS else ("is no quality metric", suggest_metric(value, QUALITY_METRICS))


def _cost_fault(value: str) -> Fault | None:
    return None if value in COST_METRICS else ("is no cost metric", suggest_metric(value, COST_METRICS))


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


_STRINGS = {
    "embedding_model": _model_fault,
    "tokenizer": _tokenizer_fault,
    "index_factory": _factory_fault,
    "bm25_stemmer": _stemmer_fault,
    "quality_metric": _quality_fault,
    "cost_metric": _cost_fault,
}
