"""ChatRequest -> Completion through Anthropic's Messages API."""

from __future__ import annotations

import time
from typing import Any

from rag_sweeps.errors import InputError
from rag_sweeps.providers.bodies import Body, parse_body
from rag_sweeps.providers.connections import open_anthropic
from rag_sweeps.providers.endpoints import Endpoint, open_endpoint
from rag_sweeps.providers.settings import anthropic_effort, made_settings
from rag_sweeps.providers.translation import quoted, translated_errors
from rag_sweeps.records import ChatRequest, Completion, Purpose, Usage

_FINISHED = ("end_turn", "stop_sequence")


class AnthropicChat:
    """One model of Anthropic. Safe from many threads."""

    def __init__(self, model: str, *, timeout_s: float) -> None:
        self._model = model
        self._endpoint = open_endpoint("anthropic")
        self._client = open_anthropic(self._endpoint, timeout_s=timeout_s, owner=self)

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        arguments = message_arguments(self._model, request)
        began = time.perf_counter()
        with translated_errors(self._endpoint, self._model):
            raw = self._client.messages.with_raw_response.create(**arguments)
            body = parse_body(raw.http_response.content, request.model)
        usage = read_usage(body.body("usage"), self._model, purpose, time.perf_counter() - began)
        return read_completion(body, usage, self._endpoint)


def message_arguments(model: str, request: ChatRequest) -> dict[str, Any]:
    """The body of one request. Raises InputError where the request is not for this model or has a foreign setting.

    The system text ends in a cache mark: calls that share it read it from the cache at a tenth of the price.
    """
    if request.model != f"anthropic:{model}":
        raise InputError(f"a request for {request.model} reached anthropic:{model}")
    arguments: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": "user", "content": request.user}],
        **anthropic_effort(made_settings("anthropic", request)),
    }
    if request.system:
        arguments["system"] = [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}]
    if request.schema is not None:
        form = {"type": "json_schema", "schema": dict(request.schema)}
        arguments["output_config"] = {**arguments.get("output_config", {}), "format": form}
    return arguments


def read_usage(usage: Body, model: str, purpose: Purpose, latency_s: float, *, batch: bool = False) -> Usage:
    """`usage` of a reply -> ours: its input_tokens leave out what was read from or written to the cache."""
    cached, written = usage.count_or_zero("cache_read_input_tokens"), usage.count_or_zero("cache_creation_input_tokens")
    output, details = usage.count("output_tokens"), usage.body_or_empty("output_tokens_details")
    thinking = details.count_or_zero("thinking_tokens")
    if thinking > output:
        raise details.wrong("thinking_tokens", "a part of output_tokens")
    return Usage(
        provider="anthropic",
        model=model,
        purpose=purpose,
        input_tokens=usage.count("input_tokens") + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=output,
        reasoning_tokens=thinking,
        batch=batch,
        latency_s=latency_s,
    )


def read_completion(body: Body, usage: Usage, endpoint: Endpoint) -> Completion:
    """`content` of a reply -> its text without the thinking, and why it cannot be used."""
    text = "".join(block.text("text") for block in body.bodies("content") if block.text("type") == "text")
    return Completion(text, usage, _problem(text, body, usage, endpoint))


def _problem(text: str, body: Body, usage: Usage, endpoint: Endpoint) -> str | None:
    stop = body.text("stop_reason")
    if stop == "refusal":
        explanation = body.body_or_empty("stop_details").text_or_none("explanation")
        return f"refused: {quoted(explanation, endpoint)}" if explanation else "refused"
    if stop in ("max_tokens", "model_context_window_exceeded"):
        return f"cut at {usage.output_tokens} output tokens"
    if stop not in _FINISHED:
        return f"not finished: {quoted(stop, endpoint)}"
    return None if text.strip() else "empty"
