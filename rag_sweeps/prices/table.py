"""The prices of a sweep: genai-prices as it is installed, and before it the user's own file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rag_sweeps.errors import InputError
from rag_sweeps.parameters import is_model
from rag_sweeps.prices.bounds import embedding_input_tokens, request_input_tokens
from rag_sweeps.prices.overrides import digest_overrides, read_overrides
from rag_sweeps.prices.rates import highest_usd_at, packaged_rates, usd_at, writes_text, written_rates
from rag_sweeps.records import ChatRequest, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

FREE_PROVIDERS = frozenset({"local"})
"""Models on the user's own machine: an explicit zero, not a missing price."""

PACKAGED_PROVIDERS = ("openai", "anthropic")

_MISSPELT = 0.88
"""How like another a model must be to be taken for it: gpt-x is not gpt-4."""

_LONGEST_CALL = timedelta(hours=25)
"""A batch is answered within a day; a price that changes meanwhile is in the worst case too."""


class Prices:
    """What models cost. overrides: a prices file, whose entries go before the packaged ones.

    Raises ConfigError for a file that cannot be used. `version` names everything that a price rests on.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self._written = read_overrides(overrides) if overrides is not None else {}
        self.version = f"genai-prices {version('genai-prices')}"
        if self._written:
            self.version += f" + {digest_overrides(self._written)}"

    def usd(self, usage: Usage) -> float:
        """Dollars of one usage as its provider bills it. Raises InputError where there is no price."""
        if usage.provider in FREE_PROVIDERS:
            return 0.0
        rates = self._rates(f"{usage.provider}:{usage.model}", batch=usage.batch, at=datetime.now(UTC))
        if usage.output_tokens and not writes_text(rates):
            raise _no_output_price(f"{usage.provider}:{usage.model}")
        dollars = usd_at(
            rates,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens,
        )
        return float(dollars)

    def worst_usd(self, request: ChatRequest, *, batch: bool) -> float:
        """The most that a call can cost, whatever its provider counts, caches and replies."""
        self.check_chat(request.model)
        return self._highest_usd(
            request.model, request_input_tokens(request), output_tokens=request.max_output_tokens, batch=batch
        )

    def worst_embedding_usd(self, model: str, texts: Sequence[str]) -> float:
        """The most that embedding these texts can cost; 0 for a model of this machine."""
        return self._highest_usd(model, embedding_input_tokens(texts), output_tokens=0, batch=False)

    def check(self, model: str) -> None:
        """Raises InputError for a provider's model without a price; anything else is of this machine and free."""
        if is_model(model):
            self._rates(model, batch=False, at=datetime.now(UTC))

    def check_chat(self, model: str) -> None:
        """`check`, and that what the model writes has a price too."""
        if is_model(model) and not writes_text(self._rates(model, batch=False, at=datetime.now(UTC))):
            raise _no_output_price(model)

    def _highest_usd(self, model: str, input_tokens: int, *, output_tokens: int, batch: bool) -> float:
        if not is_model(model):
            return 0.0
        now = datetime.now(UTC)
        highest = max(
            highest_usd_at(
                self._rates(model, batch=batch, at=at), input_tokens=input_tokens, output_tokens=output_tokens
            )
            for at in (now, now + _LONGEST_CALL)
        )
        return float(highest)

    def _rates(self, model: str, *, batch: bool, at: datetime) -> ModelPrice:
        if model in self._written:
            return written_rates(self._written[model], batch=batch)
        provider, _, name = model.partition(":")
        # Prices change by the hour at the finest.
        hour = at.replace(minute=0, second=0, microsecond=0)
        rates = _packaged(provider, name, batch, hour) if provider in PACKAGED_PROVIDERS else None
        if rates is None:
            raise InputError(_no_price(model, list(self._written)))
        return rates


def open_prices(prices: str) -> Prices:
    """The prices of a sweep; prices: the parameter of that name, empty for the packaged ones alone."""
    return Prices(Path(prices) if prices else None)


@lru_cache(maxsize=256)
def _packaged(provider: str, model: str, batch: bool, at: datetime) -> ModelPrice | None:
    return packaged_rates(provider, model, batch=batch, at=at)


def _no_price(model: str, written: Sequence[str]) -> str:
    near = get_close_matches(model, [*_known_models(model.partition(":")[0]), *written], n=1, cutoff=_MISSPELT)
    hint = f"; or did you mean {near[0]}?" if near else ""
    entry = f"{model}: {{input: …, output: …, source: …, date: …}}"
    entry += f" or {model}: {{free: true}}" if model.startswith("compatible:") else ""
    return f"no price for '{model}'; add it to a prices file (prices: {{value: my_prices.yaml}}): {entry}{hint}"


def _no_output_price(model: str) -> InputError:
    remedy = f"name a chat model, or add {model} with output: … to a prices file (prices: {{value: my_prices.yaml}})"
    return InputError(f"no price for what '{model}' writes: it is priced as an embedding model; {remedy}")


def _known_models(provider: str) -> list[str]:
    from genai_prices.data_snapshot import get_snapshot

    found = [each for each in get_snapshot().providers if each.id == provider]
    return [f"{provider}:{model.id}" for each in found for model in each.models]
