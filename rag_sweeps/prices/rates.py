"""`provider:model` -> its rates, from a prices file or from genai-prices, and what tokens cost at them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rag_sweeps.prices.overrides import WrittenPrice

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

MILLION = 1_000_000
HALF = Decimal("0.5")

_INPUT_RATES = ("input_mtok", "cache_write_mtok", "cache_read_mtok")
_OUTPUT_RATES = ("output_mtok",)


def packaged_rates(provider: str, model: str, *, batch: bool, at: datetime) -> ModelPrice | None:
    """What genai-prices knows of a model; None where it does not know what its input costs.

    Where it has no batch price of a model, the half of everything: what both providers promise for every model of
    theirs. A fine-tuned model is the exception that they name, and pays in full.
    """
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, info = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    has_batch_price = any(variant.when == {"processing": "batch"} for variant in info.price_variants or ())
    rates = info.get_prices(at, {"processing": "batch"} if batch else None)
    if rates.input_mtok is None:
        return None
    if batch and not has_batch_price and not model.lower().startswith("ft:"):
        return scale_rates(rates, HALF)
    return rates


def written_rates(price: WrittenPrice, *, batch: bool) -> ModelPrice:
    """The rates of an entry of a prices file."""
    from genai_prices.types import ModelPrice

    rates = ModelPrice(
        input_mtok=price.input,
        cache_read_mtok=price.cached_input,
        cache_write_mtok=price.cache_write,
        output_mtok=price.output,
    )
    return scale_rates(rates, 1 - price.batch_discount) if batch else rates


def scale_rates(rates: ModelPrice, factor: Decimal) -> ModelPrice:
    """Every rate and every tier of it, times a factor."""
    from genai_prices.types import ModelPrice, Tier, TieredPrices

    def scale(rate: Decimal | TieredPrices) -> Decimal | TieredPrices:
        if isinstance(rate, TieredPrices):
            return TieredPrices(rate.base * factor, [Tier(tier.start, tier.price * factor) for tier in rate.tiers])
        return rate * factor

    return ModelPrice(**{name: scale(rate) for name, rate in vars(rates).items() if rate is not None})


def usd_at(
    rates: ModelPrice, *, input_tokens: int, cached_tokens: int, cache_write_tokens: int, output_tokens: int
) -> Decimal:
    """Dollars of one call; input_tokens are all of them. Reasoning tokens are among the output and cost the same."""
    from genai_prices import Usage

    usage = Usage(
        # A provider that counts its cache beside the input must not make a price impossible.
        input_tokens=max(input_tokens, cached_tokens + cache_write_tokens),
        cache_read_tokens=cached_tokens,
        cache_write_tokens=cache_write_tokens,
        output_tokens=output_tokens,
    )
    return rates.calc_price(usage)["total_price"]


def highest_usd_at(rates: ModelPrice, *, input_tokens: int, output_tokens: int) -> Decimal:
    """The most that a call of at most so many tokens costs: every token at the dearest rate it can have."""
    input_rate = max(_rates_up_to(rates, _INPUT_RATES, input_tokens), default=Decimal(0))
    output_rate = max(_rates_up_to(rates, _OUTPUT_RATES, input_tokens), default=Decimal(0))
    return (input_rate * input_tokens + output_rate * output_tokens) / MILLION


def writes_text(rates: ModelPrice) -> bool:
    """Whether there is a price for what the model writes; an embedding model has none."""
    return rates.output_mtok is not None


def _rates_up_to(rates: ModelPrice, names: tuple[str, ...], input_tokens: int) -> Iterator[Decimal]:
    """The rates that a call may meet; a tier counts from its first token on, for all of them."""
    from genai_prices.types import TieredPrices

    for name in names:
        rate = getattr(rates, name)
        if isinstance(rate, TieredPrices):
            yield rate.base
            yield from (tier.price for tier in rate.tiers if tier.start < input_tokens)
        elif rate is not None:
            yield rate
