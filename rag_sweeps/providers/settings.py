"""A request's settings -> arguments of one provider's API; what it cannot take is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag_sweeps.errors import InputError
from rag_sweeps.records import ChatRequest

_TAKEN = {
    "openai": {"temperature", "reasoning_effort"},
    "anthropic": {"reasoning_effort"},
    "compatible": {"temperature", "reasoning_effort", "base_url"},
}
_ANTHROPIC_EFFORTS = ("low", "medium", "high")


def setting_problem(provider: str, name: str, value: object) -> str | None:
    """Why this provider cannot take a setting, and the remedy, or None. None and "" are settings that are not made."""
    if value is None or value == "":
        return None
    if name not in _TAKEN[provider]:
        return f"{provider} models take no {name}; leave {name} out"
    if provider == "anthropic" and value not in ("none", *_ANTHROPIC_EFFORTS):
        return f"anthropic models take no reasoning_effort {value!r}; use none, {', '.join(_ANTHROPIC_EFFORTS)}"
    return None


def made_settings(provider: str, request: ChatRequest) -> dict[str, Any]:
    """The settings that are made. Raises InputError for one that the provider cannot take."""
    for name, value in request.settings.items():
        problem = setting_problem(provider, name, value)
        if problem is not None:
            raise InputError(f"{request.model}: {problem}")
    return {name: value for name, value in request.settings.items() if value is not None and value != ""}


def anthropic_effort(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the Messages API; `output_config` is merged with the reply's format by the caller."""
    effort = settings.get("reasoning_effort")
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}
