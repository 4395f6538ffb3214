"""Names of models in a config -> what is wrong with them, what has no price, and which keys a run needs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rag_sweeps.config.problems import ConfigError, Problem, nearest, show_value
from rag_sweeps.config.yaml_marks import Marked
from rag_sweeps.errors import InputError
from rag_sweeps.parameters import DEFAULTS, PROVIDERS, is_model, judges_of

if TYPE_CHECKING:
    from rag_sweeps.config.sweep_config import SweepConfig

MODEL_PARAMETERS = ("generator", "judge", "embedding_model")
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""A compatible server may need a key of its own, and most need none."""

_LOCAL = {"generator": ("extractive", "none"), "judge": ("reference", "none")}
_EXAMPLES = {
    "generator": "extractive, none, or <provider>:<model>",
    "judge": "reference, none, <provider>:<model>, or several of those with commas between",
    "embedding_model": "a sentence-transformers model, or openai:<model> or compatible:<model>",
}

Fault = tuple[str, str]
Specs = Mapping[str, Marked]


def model_fault(name: str, value: str) -> Fault | None:
    """(what is wrong, the remedy) of a value of one of the MODEL_PARAMETERS, or None."""
    members = judges_of(value) if name == "judge" else (value,)
    if name == "judge" and len(members) > 1:
        twice = next((member for member in members if members.count(member) > 1), None)
        if twice:
            return f"has {twice} twice", "name each judge once"
        local = next((member for member in members if member in _LOCAL["judge"]), None)
        if local:
            return f"has {local} in a panel of models", f"write {local} alone, or leave it out"
    faults = (_member_fault(name, member, alone=len(members) == 1) for member in members)
    return next((fault for fault in faults if fault is not None), None)


def check_models(sound: Specs) -> Iterator[Problem]:
    """Each provider's model that has no price, at the line that names it. sound: the specs without a problem."""
    named = {name: [*_models_of(name, sound[name])] for name in MODEL_PARAMETERS if name in sound}
    if not any(named.values()):
        return
    from rag_sweeps.prices import open_prices  # genai-prices is read only where a model has a price

    spec = sound.get("prices")
    try:
        prices = open_prices(str(spec.plain["value"]) if spec is not None else DEFAULTS["prices"])
    except ConfigError as error:
        yield from error.problems
        return
    for name, models in named.items():
        check = prices.check if name == "embedding_model" else prices.check_chat
        for node, model in models:
            try:
                check(model)
            except InputError as error:
                message, _, remedy = str(error).partition("; ")
                yield Problem(node.file, node.line, name, None, message, remedy)


def missing_keys(sweep: SweepConfig) -> list[str]:
    """Environment variables that running this sweep needs and that are not set, sorted."""
    providers = {model.partition(":")[0] for model in sweep.models}
    wanted = {KEY_VARIABLES[provider] for provider in providers if provider in KEY_VARIABLES}
    return sorted(name for name in wanted if not os.environ.get(name, "").strip())


def _member_fault(name: str, model: str, *, alone: bool) -> Fault | None:
    if alone and model in _LOCAL.get(name, ()):
        return None
    provider, colon, bare = model.partition(":")
    if not model:
        return "has an empty name in it", f"write {_EXAMPLES[name]}"
    if colon and provider in PROVIDERS:
        if not bare.strip() or bare != bare.strip():
            return "names no model", f"write {provider}:<model>, without spaces"
        if name == "embedding_model" and provider == "anthropic":
            return "names a provider without embedding models", f"write {_EXAMPLES[name]}"
        return None
    if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]+", provider):
        near = nearest(provider, PROVIDERS)
        known = f"write one of {', '.join(f'{each}:<model>' for each in PROVIDERS)}"
        text = (
            f"did you mean {near}:{bare}?" if near else f"{known}; compatible: is any server that speaks OpenAI's API"
        )
        return f"names an unknown provider, {show_value(provider)}", text
    if name == "embedding_model":
        return _bare_embedding_fault(model)
    owner = _owner_of(model)
    remedy = f"did you mean {owner}:{model}?" if owner else _near_word(name, model) or f"write {_EXAMPLES[name]}"
    return "names no provider" if owner else f"is no {name}", remedy


def _bare_embedding_fault(model: str) -> Fault | None:
    """Any other name may be one of the sentence-transformers hub."""
    if model.startswith("text-embedding-"):
        return "names no provider", f"did you mean openai:{model}?"
    return None


def _near_word(name: str, model: str) -> str | None:
    near = nearest(model, _LOCAL[name])
    return f"did you mean {near}?" if near else None


def _owner_of(model: str) -> str | None:
    """Whose model a bare name probably is."""
    from genai_prices.data_snapshot import get_snapshot

    for provider in KEY_VARIABLES:
        try:
            get_snapshot().find_provider_model(model, None, provider, None)
        except LookupError:
            continue
        return provider
    starts = {"gpt-": "openai", "claude-": "anthropic"}
    return next((provider for start, provider in starts.items() if model.startswith(start)), None)


def _models_of(name: str, spec: Marked) -> Iterator[tuple[Marked, str]]:
    nodes = [spec.entries["value"]] if "value" in spec.entries else spec.entries["values"].items
    for node in nodes:
        for model in _split(name, node.plain):
            if is_model(model):
                yield node, model


def _split(name: str, value: Any) -> tuple[str, ...]:
    return judges_of(str(value)) if name == "judge" else (str(value),)
