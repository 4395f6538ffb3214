"""`openai:<model>`, `anthropic:<model>` or `compatible:<model>` -> what can be asked of it."""

from __future__ import annotations

from rag_sweeps.errors import InputError
from rag_sweeps.protocols import BatchModel, ChatModel, EmbeddingModel
from rag_sweeps.providers.anthropic_batches import AnthropicBatches
from rag_sweeps.providers.anthropic_chat import AnthropicChat
from rag_sweeps.providers.endpoints import missing_key, split_model
from rag_sweeps.providers.openai_batches import OpenAiBatches
from rag_sweeps.providers.openai_chat import OpenAiChat
from rag_sweeps.providers.openai_embeddings import OpenAiEmbeddings
from rag_sweeps.providers.settings import setting_problem

__all__ = ["missing_key", "open_batch_model", "open_chat_model", "open_embedding_model", "setting_problem"]


def open_chat_model(model: str, *, base_url: str = "", timeout_s: float) -> ChatModel:
    """One client, to be kept and asked from many threads.

    timeout_s: longest an attempt may take. base_url: of a compatible server, where the requests' settings do not name
    it; OPENAI_BASE_URL and ANTHROPIC_BASE_URL are those of the others. Raises InputError for a name without a provider,
    a missing key, a bad address.
    """
    provider, name = split_model(model)
    if provider == "anthropic":
        return AnthropicChat(name, timeout_s=timeout_s)
    return OpenAiChat(provider, name, base_url=base_url, timeout_s=timeout_s)


def open_embedding_model(model: str, *, base_url: str = "", timeout_s: float) -> EmbeddingModel:
    """As `open_chat_model`; Anthropic has no embeddings."""
    provider, name = split_model(model)
    if provider == "anthropic":
        raise InputError(f"{model} cannot embed: Anthropic has no embedding models; name another embedding_model")
    return OpenAiEmbeddings(provider, name, base_url=base_url, timeout_s=timeout_s)


def open_batch_model(model: str, *, timeout_s: float) -> BatchModel | None:
    """None where there is no batch API: compatible servers."""
    provider, name = split_model(model)
    if provider == "openai":
        return OpenAiBatches(name, timeout_s=timeout_s)
    return AnthropicBatches(name, timeout_s=timeout_s) if provider == "anthropic" else None
