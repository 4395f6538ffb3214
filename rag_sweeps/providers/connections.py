"""Endpoint + time limit -> an SDK client for many threads, without retries of its own."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from rag_sweeps.providers.endpoints import Endpoint

if TYPE_CHECKING:
    from anthropic import Anthropic
    from openai import OpenAI


def open_openai(endpoint: Endpoint, *, timeout_s: float, owner: object) -> OpenAI:
    """The client is closed when `owner` is gone."""
    import openai

    from rag_sweeps.providers.deadlines import client_settings, timeout

    headers: dict[str, Any] = {}
    if endpoint.provider == "compatible":
        # What the environment holds for OpenAI is not for another server to see.
        headers = {
            "Authorization": f"Bearer {endpoint.key}",
            "OpenAI-Organization": openai.omit,
            "OpenAI-Project": openai.omit,
        }
    http = openai.DefaultHttpxClient(**client_settings(timeout_s))
    weakref.finalize(owner, http.close)
    return openai.OpenAI(
        api_key=endpoint.key,
        base_url=endpoint.address,
        timeout=timeout(timeout_s),
        max_retries=0,
        default_headers=headers,
        http_client=http,
    )


def open_anthropic(endpoint: Endpoint, *, timeout_s: float, owner: object) -> Anthropic:
    """The client is closed when `owner` is gone."""
    import anthropic

    from rag_sweeps.providers.deadlines import client_settings, timeout

    http = anthropic.DefaultHttpxClient(**client_settings(timeout_s))
    weakref.finalize(owner, http.close)
    return anthropic.Anthropic(
        api_key=endpoint.key,
        base_url=endpoint.address,
        timeout=timeout(timeout_s),
        max_retries=0,
        http_client=http,
    )
