"""Parameter name -> what may stand there, read from the JSON schema of TrialParams."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rag_sweeps.parameters import adapter

RULER = {
    "golden_set": "one sweep measures one golden set",
    "quality_metric": "it is the ruler, not the thing measured",
    "cost_metric": "it is the ruler, not the thing measured",
    "cost_weight": "it is the ruler, not the thing measured",
    "relevance_overlap": "it is the ruler, not the thing measured",
    "judge": "it is the ruler, not the thing measured",
    "judge_prompt": "it is the ruler, not the thing measured",
    "max_judge_tokens": "it is the ruler, not the thing measured",
    "judge_reasoning_effort": "it is the ruler, not the thing measured",
    "allow_self_judge": "it belongs to the sweep, not to a trial",
    "seed": "it belongs to the search, not to a trial",
    "budget_usd": "it belongs to the sweep, not to a trial",
    **dict.fromkeys(
        (
            *("compatible_base_url", "batch", "concurrency", "requests_per_minute", "tokens_per_minute"),
            *("request_timeout_s", "request_attempts", "prices", "racing", "race_block", "warm_start", "logged_text"),
            *("logged_rows", "traced_share"),
        ),
        "it belongs to the sweep, not to a trial",
    ),
}
"""Parameters that may not be swept, and why: trials that differ in them cannot be compared."""


@cache
def parameter_schemas() -> Mapping[str, Mapping[str, Any]]:
    """The JSON schema of each parameter, as pydantic writes it."""
    properties: Mapping[str, Mapping[str, Any]] = adapter().json_schema()["properties"]
    return properties


def main_type(name: str) -> Mapping[str, Any]:
    """The schema of the parameter's value where it is not null."""
    schema = parameter_schemas()[name]
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    only: Mapping[str, Any] = options[0]
    return only


def is_nullable(name: str) -> bool:
    return any(option.get("type") == "null" for option in parameter_schemas()[name].get("anyOf", []))


def is_integer(name: str) -> bool:
    return bool(main_type(name).get("type") == "integer")


def is_numeric(name: str) -> bool:
    return main_type(name).get("type") in ("integer", "number")


def is_boolean(name: str) -> bool:
    return main_type(name).get("type") == "boolean"


def words_of(name: str) -> tuple[str, ...]:
    """The words a parameter may take; empty where it is not a choice of words."""
    schema = main_type(name)
    return tuple(schema["enum"]) if "enum" in schema else (schema["const"],) if "const" in schema else ()


def expectation(name: str) -> str:
    """What to write, as a remedy: `write a whole number from 8 to 8192`."""
    schema = main_type(name)
    or_null = " or null" if is_nullable(name) else ""
    if words := words_of(name):
        return f"write one of {', '.join(words)}{or_null}"
    if is_boolean(name):
        return f"write true or false{or_null}"
    if not is_numeric(name):
        return f"write text{or_null}"
    above = f" above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""
    low = f" from {schema['minimum']}" if "minimum" in schema else ""
    high = f" to {schema['maximum']}" if "maximum" in schema else ""
    return f"write a {'whole ' if is_integer(name) else ''}number{above}{low}{high}{or_null}"
