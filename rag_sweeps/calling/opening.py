"""Parameters of a trial -> the caller and the embedder that ask real providers."""

from __future__ import annotations

from functools import cache

from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.calling.embedder import ApiEmbedder
from rag_sweeps.calling.limits import Limits
from rag_sweeps.ledger import Ledger
from rag_sweeps.parameters import TrialParams
from rag_sweeps.prices import open_prices
from rag_sweeps.protocols import BatchModel, ChatModel, EmbeddingModel
from rag_sweeps.providers.models import open_batch_model, open_chat_model, open_embedding_model
from rag_sweeps.store.replies import ReplyStore


def limits_of(params: TrialParams) -> Limits:
    return Limits(
        concurrency=params.concurrency,
        requests_per_minute=params.requests_per_minute,
        tokens_per_minute=params.tokens_per_minute,
        timeout_s=params.request_timeout_s,
        attempts=params.request_attempts,
    )


def open_caller(params: TrialParams, *, sweep_id: str, budget_usd: float | None) -> ModelCaller:
    """Nothing is connected to, and no SDK imported, before the first call that the store cannot answer."""

    def open_chat(model: str, base_url: str) -> ChatModel:
        return open_chat_model(model, base_url=base_url, timeout_s=params.request_timeout_s)

    def open_batch(model: str) -> BatchModel | None:
        return open_batch_model(model, timeout_s=params.request_timeout_s)

    return ModelCaller(
        open_model=open_chat,
        ledger=Ledger(),
        prices=open_prices(params.prices),
        replies=ReplyStore(),
        limits=limits_of(params),
        sweep_id=sweep_id,
        budget_usd=budget_usd,
        batch=open_batch if params.batch else None,
    )


def open_api_embedder(params: TrialParams, *, sweep_id: str, budget_usd: float | None, trial_id: str) -> ApiEmbedder:
    """The embedder of `openai:<model>` or `compatible:<model>`."""

    def open_embedding(model: str, base_url: str) -> EmbeddingModel:
        return open_embedding_model(model, base_url=base_url, timeout_s=params.request_timeout_s)

    return ApiEmbedder(
        model=params.embedding_model,
        base_url=params.compatible_base_url if params.embedding_model.startswith("compatible:") else "",
        open_model=cache(open_embedding),
        ledger=Ledger(),
        prices=open_prices(params.prices),
        limits=limits_of(params),
        sweep_id=sweep_id,
        budget_usd=budget_usd,
        trial_id=trial_id,
    )
