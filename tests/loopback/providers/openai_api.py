"""The words of OpenAI's API: Chat Completions and Embeddings, and their errors."""

from __future__ import annotations

import base64
import struct
import time
from typing import Any

from loopback.providers.exchange import Asked, Said
from loopback.providers.tokens import embed

WIDTH = 64
ERRORS: dict[str, tuple[int, str, str | None, str]] = {
    "429": (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "overloaded": (503, "server_error", "server_overloaded", "The engine is currently overloaded."),
    "500": (500, "server_error", None, "The server had an error while processing your request."),
    "400": (400, "invalid_request_error", "context_length_exceeded", "This model's maximum context is 8192 tokens."),
    "401": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: {key}."),
    "403": (403, "invalid_request_error", "forbidden", "Your key {key} may not use this model."),
    "404": (404, "invalid_request_error", "model_not_found", "The model does not exist."),
}
"""kind -> status, type, code, message."""


def error_body(kind: str, *, key: str = "", message: str = "") -> tuple[int, dict[str, Any]]:
    status, type_, code, text = ERRORS[kind]
    return status, {"error": {"message": message or text.format(key=key), "type": type_, "param": None, "code": code}}


def read_chat(body: dict[str, Any], *, provider: str, batch: bool) -> Asked | str:
    """A request body -> what it asks, or why it is not one."""
    try:
        messages = {message["role"]: message["content"] for message in body["messages"]}
        max_tokens = body.get("max_completion_tokens", body.get("max_tokens", 4096))
        assert isinstance(body["model"], str)
        assert isinstance(max_tokens, int)
        assert isinstance(messages["user"], str)
        assert set(messages) <= {"system", "user"}
        if "response_format" in body:
            form = body["response_format"]
            assert form["type"] == "json_schema"
            assert isinstance(form["json_schema"]["schema"], dict)
            assert form["json_schema"]["name"]
    except (KeyError, TypeError, AssertionError) as error:
        return f"Invalid request: {error!r}"
    known = {"model", "messages", "max_completion_tokens", "max_tokens", "temperature", "reasoning_effort"}
    known |= {"response_format", "prompt_cache_key", "seed", "stop"}
    if foreign := sorted(set(body) - known):
        return f"Unrecognized request argument supplied: {foreign[0]}"
    return Asked(
        provider=provider,
        endpoint="chat",
        model=body["model"],
        system=messages.get("system", ""),
        user=messages["user"],
        max_tokens=max_tokens,
        effort=body.get("reasoning_effort"),
        marks_cache=False,
        batch=batch,
        body=body,
    )


def chat_body(asked: Asked, said: Said) -> dict[str, Any]:
    refused = "I cannot help with that." if said.finish == "refusal" else None
    message = {"role": "assistant", "content": None if refused else said.text, "refusal": refused}
    finish = "stop" if refused else said.finish
    return {
        "id": f"chatcmpl-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": said.input_tokens,
            "completion_tokens": said.output_tokens,
            "total_tokens": said.input_tokens + said.output_tokens,
            "prompt_tokens_details": {"cached_tokens": said.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": said.reasoning_tokens, "audio_tokens": 0},
        },
    }


def embeddings_body(body: dict[str, Any], n_tokens: int) -> dict[str, Any]:
    width = body.get("dimensions") or WIDTH
    data = []
    for index, text in enumerate(body["input"]):
        vector: Any = embed(text, width)
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{width}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def wrong_types(body: dict[str, Any]) -> dict[str, Any]:
    """The same reply with numbers where texts belong and texts where numbers belong."""
    if "choices" in body:
        return {**body, "choices": [{"index": "0", "message": {"content": 12}, "finish_reason": []}]}
    return {**body, "data": [{**entry, "embedding": "none"} for entry in body["data"]]}
