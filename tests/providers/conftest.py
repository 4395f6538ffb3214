"""A loopback server of all providers, and models opened against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from loopback.providers.server import ProviderServer

from rag_sweeps.protocols import ChatModel
from rag_sweeps.providers.models import open_chat_model
from rag_sweeps.records import ChatRequest, Completion

MODELS = {"openai": "openai:gpt-x", "anthropic": "anthropic:claude-x", "compatible": "compatible:local:7b"}


@dataclass(frozen=True)
class Chat:
    """A chat model under test, and the shortest way to ask it."""

    name: str
    model: ChatModel

    def request(self, user: str = "Is it so?", **changes: Any) -> ChatRequest:
        return ChatRequest(**{"model": self.name, "system": "", "user": user, "max_output_tokens": 200, **changes})

    def ask(self, user: str = "Is it so?", **changes: Any) -> Completion:
        return self.model.complete(self.request(user, **changes), "generate")


OpenChat = Callable[..., Chat]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    with ProviderServer(lambda model, system, user: f"{model} heard: {user}") as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def open_chat(server: ProviderServer) -> OpenChat:
    def opened(provider: str, *, timeout_s: float = 60.0, **arguments: Any) -> Chat:
        name = MODELS[provider]
        base_url = server.compatible_url if provider == "compatible" else ""
        return Chat(name, open_chat_model(name, **{"timeout_s": timeout_s, "base_url": base_url, **arguments}))

    return opened


@pytest.fixture(params=sorted(MODELS))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chat(open_chat: OpenChat, provider: str) -> Chat:
    return open_chat(provider)
