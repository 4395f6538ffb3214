"""The words of Anthropic's API: Messages and its errors."""

from __future__ import annotations

import time
from typing import Any

from loopback.providers.exchange import Asked, Said

ERRORS: dict[str, tuple[int, str, str]] = {
    "429": (429, "rate_limit_error", "This request would exceed the rate limit for your organization."),
    "quota": (402, "billing_error", "Your credit balance is too low."),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "500": (500, "api_error", "Internal server error"),
    "400": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    "401": (401, "authentication_error", "invalid x-api-key {key}"),
    "403": (403, "permission_error", "Your API key {key} does not have permission."),
    "404": (404, "not_found_error", "model: not found"),
}
"""kind -> status, type, message."""

_STOPS = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal", "content_filter": "refusal"}


def error_body(kind: str, *, key: str = "", message: str = "") -> tuple[int, dict[str, Any]]:
    status, type_, text = ERRORS[kind]
    error = {"type": type_, "message": message or text.format(key=key)}
    return status, {"type": "error", "error": error, "request_id": "req_loopback"}


def read_message(body: dict[str, Any], *, batch: bool) -> Asked | str:
    """A request body -> what it asks, or why it is not one."""
    try:
        (message,) = body["messages"]
        system = body.get("system", "")
        blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
        config = body.get("output_config", {})
        assert message["role"] == "user"
        assert isinstance(message["content"], str)
        assert isinstance(body["model"], str)
        assert isinstance(body["max_tokens"], int)
        if "format" in config:
            assert config["format"]["type"] == "json_schema"
            assert isinstance(config["format"]["schema"], dict)
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        return f"invalid request: {error!r}"
    if foreign := sorted(set(body) - {"model", "messages", "max_tokens", "system", "output_config", "thinking"}):
        return f"{foreign[0]}: Extra inputs are not permitted"
    thinks = body.get("thinking", {}).get("type") == "adaptive"
    return Asked(
        provider="anthropic",
        endpoint="messages",
        model=body["model"],
        system="".join(block["text"] for block in blocks),
        user=message["content"],
        max_tokens=body["max_tokens"],
        effort=config.get("effort") if thinks else None,
        marks_cache=any("cache_control" in block for block in blocks),
        batch=batch,
        body=body,
    )


def message_body(asked: Asked, said: Said) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    if said.reasoning_tokens:
        content.insert(0, {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"})
    refusal = {"type": "refusal", "category": None, "explanation": "I cannot help with that."}
    return {
        "id": f"msg_{time.time_ns():x}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": _STOPS[said.finish],
        "stop_details": refusal if _STOPS[said.finish] == "refusal" else None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.input_tokens - said.cached_tokens - said.cache_write_tokens,
            "cache_read_input_tokens": said.cached_tokens,
            "cache_creation_input_tokens": said.cache_write_tokens,
            "output_tokens": said.output_tokens,
            "output_tokens_details": {"thinking_tokens": said.reasoning_tokens},
            "service_tier": "batch" if asked.batch else "standard",
        },
    }


def wrong_types(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "content": [{"type": "text", "text": 12}], "stop_reason": 3}
