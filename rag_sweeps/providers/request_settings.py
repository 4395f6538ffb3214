"""Parameters of a config -> the settings of a request: only what is set, so that equal requests stay equal."""

from __future__ import annotations


def request_settings(
    model: str, *, base_url: str, temperature: float | None = None, reasoning_effort: str | None = None
) -> dict[str, str | int | float | bool | None]:
    """temperature and reasoning_effort where given; base_url only for a compatible server."""
    settings: dict[str, str | int | float | bool | None] = {}
    if temperature is not None:
        settings["temperature"] = temperature
    if reasoning_effort is not None:
        settings["reasoning_effort"] = reasoning_effort
    if model.startswith("compatible:"):
        settings["base_url"] = base_url
    return settings
