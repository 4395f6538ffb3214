"""ChatRequest -> Completion through the Chat Completions API: OpenAI, and every server that speaks the same.

Chat Completions and not Responses: it is the one API that both speak, and it keeps nothing at the provider.
"""

from __future__ import annotations

import threading
import time
from hashlib import sha256
from typing import Any

from rag_sweeps.errors import InputError
from rag_sweeps.providers.bodies import Body, parse_body
from rag_sweeps.providers.connections import open_openai
from rag_sweeps.providers.endpoints import Endpoint, open_endpoint
from rag_sweeps.providers.settings import made_settings
from rag_sweeps.providers.translation import quoted, translated_errors
from rag_sweeps.records import ChatRequest, Completion, Purpose, Usage


class OpenAiChat:
    """One model of OpenAI or of a compatible server. Safe from many threads."""

    def __init__(self, provider: str, model: str, *, base_url: str = "", timeout_s: float) -> None:
        self._provider, self._model, self._timeout_s = provider, model, timeout_s
        self._opening = threading.Lock()
        self._clients: dict[str, tuple[Endpoint, Any]] = {}
        self._base_url = base_url
        if base_url or provider != "compatible":  # a wrong key or address shows before the first call
            self._client(base_url)

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        arguments = chat_arguments(self._provider, self._model, request)
        endpoint, client = self._client(str(request.settings.get("base_url") or self._base_url))
        began = time.perf_counter()
        with translated_errors(endpoint, self._model):
            response = client.chat.completions.with_raw_response.create(**arguments)
            body = parse_body(response.http_response.content, request.model)
        usage = read_usage(body.body("usage"), endpoint, self._model, purpose, time.perf_counter() - began)
        return read_completion(body, usage, endpoint)

    def _client(self, base_url: str) -> tuple[Endpoint, Any]:
        with self._opening:
            if base_url not in self._clients:
                endpoint = open_endpoint(self._provider, base_url)
                self._clients[base_url] = (endpoint, open_openai(endpoint, timeout_s=self._timeout_s, owner=self))
            return self._clients[base_url]


def chat_arguments(provider: str, model: str, request: ChatRequest) -> dict[str, Any]:
    """The body of one request. Raises InputError where the request is not for this model or has a foreign setting."""
    if request.model != f"{provider}:{model}":
        raise InputError(f"a request for {request.model} reached {provider}:{model}")
    settings = made_settings(provider, request)
    settings.pop("base_url", None)
    messages = [{"role": "user", "content": request.user}]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    arguments: dict[str, Any] = {"model": model, "messages": messages, **settings}
    if provider == "openai":
        arguments["max_completion_tokens"] = request.max_output_tokens
        arguments["prompt_cache_key"] = sha256(request.system.encode("utf-8", "replace")).hexdigest()[:32]
    else:  # older servers know only this name
        arguments["max_tokens"] = request.max_output_tokens
    if request.schema is not None:
        schema = {"name": "reply", "strict": True, "schema": dict(request.schema)}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments


def read_usage(
    usage: Body, endpoint: Endpoint, model: str, purpose: Purpose, latency_s: float, *, batch: bool = False
) -> Usage:
    """`usage` of a reply -> ours, counted once."""
    n_input, n_output = usage.count("prompt_tokens"), usage.count("completion_tokens")
    prompt, completion = usage.body_or_empty("prompt_tokens_details"), usage.body_or_empty("completion_tokens_details")
    # Some compatible servers count reasoning in the total alone.
    n_output = max(n_output, usage.count_or_zero("total_tokens") - n_input)
    cached, written = prompt.count_or_zero("cached_tokens"), prompt.count_or_zero("cache_write_tokens")
    reasoning = completion.count_or_zero("reasoning_tokens")
    if cached + written > n_input:
        raise prompt.wrong("cached_tokens", "a part of prompt_tokens")
    if reasoning > n_output:
        raise completion.wrong("reasoning_tokens", "a part of completion_tokens")
    return Usage(
        provider=endpoint.provider,
        model=model,
        purpose=purpose,
        input_tokens=n_input,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=n_output,
        reasoning_tokens=reasoning,
        batch=batch,
        latency_s=latency_s,
    )


def read_completion(body: Body, usage: Usage, endpoint: Endpoint) -> Completion:
    """`choices` of a reply -> its text, and why it cannot be used."""
    choices = body.bodies("choices")
    if not choices:
        raise body.wrong("choices", "a list with a choice")
    message, finish = choices[0].body("message"), choices[0].text_or_none("finish_reason")
    text, refusal = message.text_or_none("content") or "", message.text_or_none("refusal")
    return Completion(text, usage, _problem(text, refusal, finish, usage, endpoint))


def _problem(text: str, refusal: str | None, finish: str | None, usage: Usage, endpoint: Endpoint) -> str | None:
    if refusal:
        return f"refused: {quoted(refusal, endpoint)}"
    if finish == "length":
        return f"cut at {usage.output_tokens} output tokens"
    if finish == "content_filter":
        return "filtered by the provider"
    return None if text.strip() else "empty"
