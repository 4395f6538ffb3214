"""The keys of a sweep file outside `parameters:` -> what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

from rag_sweeps.config.api_keys import holds_api_key
from rag_sweeps.config.problems import Problem, as_yaml, nearest, show_key, suggest
from rag_sweeps.config.yaml_marks import Marked
from rag_sweeps.parameters import NAMES

METHODS = ("bayes", "random", "grid")
TEXT_KEYS = ("name", "description", "program", "project", "entity", "job", "image_uri")
MAPPING_KEYS = ("controller", "scheduler")
TOP_KEYS = (
    *("name", "description", "program", "command", "method", "metric", "metrics", "parameters", "run_cap"),
    *("early_terminate", "project", "entity", "controller", "scheduler", "job", "image_uri"),
)


def check_top_level(document: Marked) -> Iterator[Problem]:
    yield from _check_keys(document)
    yield from _check_types(document)
    yield from _check_method(document)
    yield from _check_run_cap(document)
    if "early_terminate" in document.entries:
        message = "trials are stopped by the program itself; W&B's hyperband reads history steps that it does not log"
        yield document.refuse_key("early_terminate", "early_terminate", message, "remove it")


def find_api_keys(node: Marked, key: str = "") -> Iterator[Problem]:
    """Every text in the file that looks like an API key, named without its text."""
    message = "looks like an API key"
    remedy = "keys belong in the environment: remove it, revoke it if it was shared, and export it as a variable"
    if isinstance(node.plain, str) and holds_api_key(node.plain):
        yield Problem(node.file, node.line, key, None, message, remedy)
    for name, entry in node.entries.items():
        inner = f"{key}.{show_key(name)}".lstrip(".")
        if holds_api_key(name):
            yield node.refuse_key(name, inner, message, remedy)
        yield from find_api_keys(entry, inner)
    for position, item in enumerate(node.items):
        yield from find_api_keys(item, f"{key}[{position}]")


def _check_keys(document: Marked) -> Iterator[Problem]:
    for key, entry in document.entries.items():
        if key in TOP_KEYS:
            continue
        shown = show_key(key)
        if key in NAMES:
            form = "with the same entry" if entry.is_mapping else f"as {key}: {{value: {as_yaml(entry.plain)}}}"
            yield document.refuse_key(key, shown, "is a parameter", f"it belongs under parameters: {form}")
            continue
        near = nearest(key, (*TOP_KEYS, *NAMES))
        remedy = f"did you mean {near}?" if near else f"the keys are {', '.join(TOP_KEYS)}"
        if near in NAMES:
            remedy = f"did you mean {near}? It belongs under parameters: as {near}: {{value: …}}"
        yield document.refuse_key(key, shown, "unknown key", remedy)


def _check_types(document: Marked) -> Iterator[Problem]:
    for key, entry in document.entries.items():
        if key in TEXT_KEYS and not isinstance(entry.plain, str):
            yield entry.refuse_value(key, "is no text", "write text, in quotes where it looks like something else")
        if key in MAPPING_KEYS and not entry.is_mapping:
            yield entry.refuse_value(
                key, "is no mapping", f"write it as W&B's documentation of {key} says, or remove it"
            )
    command = document.entries.get("command")
    if command is None:
        return
    if not command.items or not all(isinstance(item.plain, str) for item in command.items):
        remedy = 'write command: ["${env}", "${interpreter}", "-m", "rag_sweeps", "trial"]'
        yield command.refuse_value("command", "is no list of text", remedy)


def _check_method(document: Marked) -> Iterator[Problem]:
    method = document.entries.get("method")
    if method is None:
        yield document.refuse_key("method", "method", "is missing", f"write one of method: {', '.join(METHODS)}")
    elif method.plain not in METHODS:
        yield method.refuse_value("method", "is no search method", suggest(method.plain, METHODS))


def _check_run_cap(document: Marked) -> Iterator[Problem]:
    cap = document.entries.get("run_cap")
    if cap is not None and (type(cap.plain) is not int or cap.plain < 1):
        yield cap.refuse_value("run_cap", "is no number of trials", "write a whole number from 1")
