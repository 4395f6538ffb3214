"""One value of one parameter -> why no trial could use it, without reading models or the index library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial

from rag_sweeps.config.kinds import expectation, is_boolean, is_nullable, is_numeric, words_of
from rag_sweeps.config.models import model_fault
from rag_sweeps.config.objectives import COST_METRICS, QUALITY_METRICS, suggest_metric
from rag_sweeps.config.problems import suggest
from rag_sweeps.parameters import DEFAULTS, value_problem

LSA_WIDTHS = (2, 4096)

_FACTORY_KINDS = (
    *("Flat", "HNSW", "IVF", "IMI", "NSG", "NNDescent", "PQ", "OPQ", "SQ", "PCA", "ITQ", "LSH", "LSQ", "PLSQ", "RQ"),
    *("PRQ", "RR", "Pad", "L", "IDMap", "RFlat", "Refine", "RaBitQ", "ZnLattice", "RCQ", "Residual"),
    *("np", "fs", "x", "bp", "M", "N", "c"),
)
_SIZED_KINDS = {"HNSW": (2, 512), "IVF": (1, 1_000_000), "NSG": (2, 512), "PQ": (1, 4096)}
"""FAISS aborts the process for HNSW0, and allocates without end for a very large number."""

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
    elif is_boolean(name):
        return None if isinstance(value, bool) else ("is no boolean", expectation(name))
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


def _embedding_fault(value: str) -> Fault | None:
    low, high = LSA_WIDTHS
    if value.startswith("lsa-"):
        width = value.removeprefix("lsa-")
        if not re.fullmatch(r"[0-9]{1,6}", width) or not low <= int(width) <= high:
            return "names no LSA model", f"write lsa-<width>, the width from {low} to {high}, for example lsa-256"
    if value.startswith((".", "/")) and not os.path.isdir(value):
        return "is no folder", f"there is nothing at {os.path.abspath(_printable(value))}; mend the path"
    return model_fault("embedding_model", value)


def _prices_fault(value: str) -> Fault | None:
    if value and not os.path.isfile(value):
        return "is no file", f"there is nothing at {os.path.abspath(_printable(value))}; mend the path"
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
    for part in re.split(r"[,_(]", value):
        kind, number = re.fullmatch(r"([A-Za-z+\[\]]*)(.*)", part).groups()  # type: ignore[union-attr]
        if kind and not kind.startswith(_FACTORY_KINDS):
            return f"has a part FAISS does not know, {part!r}", suggest(kind, _FACTORY_KINDS)
        if kind in _SIZED_KINDS and not _fits(number, *_SIZED_KINDS[kind]):
            low, high = _SIZED_KINDS[kind]
            return f"has a size FAISS cannot build, {part!r}", f"write {kind} with a number from {low} to {high}"
    return None


def _fits(number: str, low: int, high: int) -> bool:
    digits = re.match(r"\d+", number)
    return digits is not None and low <= int(digits.group()) <= high


def _index_search_fault(value: str) -> Fault | None:
    if value and not re.fullmatch(r"\w+=\d+(\.\d+)?(,\w+=\d+(\.\d+)?)*", value):
        return "is no FAISS search setting", "write name=number, such as nprobe=8 or efSearch=64"
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


_STRINGS: Mapping[str, Callable[[str], Fault | None]] = {
    "embedding_model": _embedding_fault,
    "generator": partial(model_fault, "generator"),
    "judge": partial(model_fault, "judge"),
    "prices": _prices_fault,
    "tokenizer": _tokenizer_fault,
    "index_factory": _factory_fault,
    "index_search": _index_search_fault,
    "bm25_stemmer": _stemmer_fault,
    "quality_metric": _quality_fault,
    "cost_metric": _cost_fault,
}
