"""Parameters of a sweep -> the caller that asks real providers, or None where no model of a provider is named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.calling.embedder import ApiEmbedder
from rag_sweeps.calling.limits import Limits
from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError
from rag_sweeps.ledger import Ledger
from rag_sweeps.parameters import TrialParams
from rag_sweeps.prices import Prices, open_prices
from rag_sweeps.protocols import BatchModel, ChatModel, EmbeddingModel
from rag_sweeps.providers.models import missing_key, open_batch_model, open_chat_model, open_embedding_model
from rag_sweeps.store.replies import ReplyStore


def limits_of(params: TrialParams) -> Limits:
    return Limits(
        concurrency=params.concurrency,
        requests_per_minute=params.requests_per_minute,
        tokens_per_minute=params.tokens_per_minute,
        timeout_s=params.request_timeout_s,
        attempts=params.request_attempts,
    )


def sweep_caller(sweep: SweepConfig, sweep_id: str) -> ModelCaller | None:
    """Who asks the models that a sweep names, under its cap; None where it names none. sweep_id: in the ledger."""
    return caller_for(sweep.models, sweep.trial_params({}), sweep_id=sweep_id, budget_usd=sweep.budget_usd)


def caller_for(
    models: Iterable[str], params: TrialParams, *, sweep_id: str, budget_usd: float | None
) -> ModelCaller | None:
    """None where no model of a provider is named. Raises InputError where a key is missing or a price is unknown."""
    named = sorted(set(models))
    if not named:
        return None
    missing = sorted({key for model in named if (key := missing_key(model)) is not None})
    if missing:
        raise InputError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, and {', '.join(named)} cannot be "
            f"asked without; export {' '.join(f'{name}=…' for name in missing)}"
        )
    prices = open_prices(params.prices)
    for model in named:
        prices.check(model)
    return open_caller(params, sweep_id=sweep_id, budget_usd=budget_usd)


def open_caller(params: TrialParams, *, sweep_id: str, budget_usd: float | None) -> ModelCaller:
    """Nothing is connected to, and no SDK imported, before the first call that the store cannot answer."""
    ledger, prices = Ledger(), open_prices(params.prices)

    def open_chat(model: str, base_url: str) -> ChatModel:
        return open_chat_model(model, base_url=base_url, timeout_s=params.request_timeout_s)

    def open_batch(model: str) -> BatchModel | None:
        return open_batch_model(model, timeout_s=params.request_timeout_s)

    def open_embedder(model: str, trial_id: str) -> ApiEmbedder:
        return open_api_embedder(
            model, params, ledger=ledger, prices=prices, sweep_id=sweep_id, budget_usd=budget_usd, trial_id=trial_id
        )

    return ModelCaller(
        open_model=open_chat,
        ledger=ledger,
        prices=prices,
        replies=ReplyStore(),
        limits=limits_of(params),
        sweep_id=sweep_id,
        budget_usd=budget_usd,
        batch=open_batch if params.batch else None,
        open_embedder=open_embedder,
    )


def open_api_embedder(
    model: str,
    params: TrialParams,
    *,
    ledger: Ledger,
    prices: Prices,
    sweep_id: str,
    budget_usd: float | None,
    trial_id: str,
) -> ApiEmbedder:
    """The embedder of `openai:<model>` or `compatible:<model>`."""

    def open_embedding(model: str, base_url: str) -> EmbeddingModel:
        return open_embedding_model(model, base_url=base_url, timeout_s=params.request_timeout_s)

    return ApiEmbedder(
        model=model,
        base_url=params.compatible_base_url if model.startswith("compatible:") else "",
        open_model=cache(open_embedding),
        ledger=ledger,
        prices=prices,
        limits=limits_of(params),
        sweep_id=sweep_id,
        budget_usd=budget_usd,
        trial_id=trial_id,
    )
