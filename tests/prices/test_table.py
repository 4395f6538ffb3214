"""Prices against sums done by hand, and the worst case against everything a provider could bill."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_sweeps.errors import InputError
from rag_sweeps.prices import Prices, embedding_input_tokens, open_prices, request_input_tokens
from rag_sweeps.records import ChatRequest, Usage

# Dollars per million tokens: input, cached, cache write, output. From the providers' pages, autumn of 2026.
SINGLE = {
    "openai:gpt-4o-mini": ("0.15", "0.075", "0.15", "0.6"),
    "openai:gpt-5-mini": ("0.25", "0.025", "0.25", "2"),
    "anthropic:claude-haiku-4-5": ("1", "0.1", "1.25", "5"),
    "anthropic:claude-opus-5": ("5", "0.5", "6.25", "25"),
}
BATCH = {
    "openai:gpt-5-mini": ("0.125", "0.0125", "0.125", "1"),
    "anthropic:claude-haiku-4-5": ("0.5", "0.05", "0.625", "2.5"),
    "anthropic:claude-opus-4-1": ("7.5", "0.75", "9.375", "37.5"),  # not listed by the library: half of 15, 1.5, …
}
WRITTEN = """\
openai:gpt-x: {input: 1.25, cached_input: 0.125, output: 10.0, source: "https://openai.com/pricing", date: 2026-11-01}
anthropic:claude-x: {input: 4, output: 20, batch_discount: 0.25, source: an offer, date: "2026-11-01"}
openai:gpt-4o-mini: {input: 100, output: 200, source: an offer, date: 2026-11-01}
compatible:llama: {free: true}
compatible:rented: {input: 0.5, output: 1, source: invoice, date: 2026-11-01}
"""

tokens = st.integers(0, 300_000)
FEW = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Prices:
    path = tmp_path_factory.mktemp("prices") / "my.yaml"
    path.write_text(WRITTEN)
    return Prices(path)


def usage_of(model: str, **counts: int | bool) -> Usage:
    provider, _, name = model.partition(":")
    return Usage(provider, name, "generate", **{"input_tokens": 0, **counts})


def by_hand(rates: tuple[str, str, str, str], plain: int, cached: int, cache_write: int, output: int) -> float:
    rate = [Decimal(each) for each in rates]
    return float((rate[0] * plain + rate[1] * cached + rate[2] * cache_write + rate[3] * output) / 1_000_000)


@FEW
@given(model=st.sampled_from(sorted(SINGLE)), plain=tokens, cached=tokens, cache_write=tokens, output=tokens)
def test_a_call_costs_what_a_calculator_says(
    prices: Prices, model: str, plain: int, cached: int, cache_write: int, output: int
) -> None:
    usage = usage_of(
        model,
        input_tokens=plain + cached + cache_write,
        cached_tokens=cached,
        cache_write_tokens=cache_write,
        output_tokens=output,
        reasoning_tokens=output // 2,
    )
    assert prices.usd(usage) == pytest.approx(by_hand(SINGLE[model], plain, cached, cache_write, output), rel=1e-12)


@FEW
@given(model=st.sampled_from(sorted(BATCH)), plain=tokens, cached=tokens, cache_write=tokens, output=tokens)
def test_a_batch_costs_half(prices: Prices, model: str, plain: int, cached: int, cache_write: int, output: int) -> None:
    usage = usage_of(
        model,
        input_tokens=plain + cached + cache_write,
        cached_tokens=cached,
        cache_write_tokens=cache_write,
        output_tokens=output,
        batch=True,
    )
    assert prices.usd(usage) == pytest.approx(by_hand(BATCH[model], plain, cached, cache_write, output), rel=1e-12)


def test_a_fine_tuned_model_without_a_batch_price_pays_in_full(prices: Prices) -> None:
    single = usage_of("openai:ft:gpt-4o-2024-08-06:us:x", input_tokens=1_000_000)
    assert (
        prices.usd(single)
        == prices.usd(usage_of("openai:ft:gpt-4o-2024-08-06:us:x", input_tokens=1_000_000, batch=True))
        == 3.75
    )


def test_a_long_context_is_billed_at_its_tier_for_every_token(prices: Prices) -> None:
    model = "anthropic:claude-haiku-5-5"
    assert prices.usd(usage_of(model, input_tokens=100_000, output_tokens=1000)) == pytest.approx(0.0105)
    assert prices.usd(usage_of(model, input_tokens=100_001, output_tokens=1000)) == pytest.approx(0.0525005)


def test_reasoning_is_part_of_the_output_and_not_billed_again(prices: Prices) -> None:
    thinking = usage_of("openai:gpt-5-mini", output_tokens=1_000_000, reasoning_tokens=900_000)
    assert prices.usd(thinking) == 2.0


def test_a_dated_name_is_the_model_it_dates(prices: Prices) -> None:
    dated = usage_of("anthropic:claude-haiku-4-5-20251001", input_tokens=1_000_000)
    assert prices.usd(dated) == 1.0


def test_embedding_models_have_prices(prices: Prices) -> None:
    assert prices.usd(usage_of("openai:text-embedding-3-small", input_tokens=1_000_000)) == 0.02
    prices.check("openai:text-embedding-3-small")


def test_a_provider_that_counts_its_cache_beside_the_input_still_has_a_price(prices: Prices) -> None:
    usage = usage_of("anthropic:claude-haiku-4-5", input_tokens=10, cached_tokens=1_000_000)
    assert prices.usd(usage) == pytest.approx(0.1)


def test_models_of_this_machine_are_free(prices: Prices) -> None:
    assert prices.usd(Usage("local", "all-MiniLM-L6-v2", "embed", 10**12)) == 0.0
    assert prices.worst_embedding_usd("all-MiniLM-L6-v2", ["text"]) == 0.0
    prices.check("extractive")


@pytest.mark.parametrize("model", ["openai:gpt-x", "anthropic:clod", "compatible:llama"])
def test_a_model_without_a_price_is_refused_with_the_remedy(prices: Prices, model: str) -> None:
    for refuse in (
        lambda: prices.check(model),
        lambda: prices.usd(usage_of(model, input_tokens=1)),
        lambda: prices.worst_usd(ChatRequest(model, "", "", 16), batch=False),
        lambda: prices.worst_embedding_usd(model, ["text"]),
    ):
        with pytest.raises(InputError) as caught:
            refuse()
        assert str(caught.value).startswith(f"no price for '{model}'; add it to a prices file (prices: {{value: my_pr")


def test_an_embedding_model_that_should_write_is_refused(prices: Prices) -> None:
    request = ChatRequest("openai:text-embedding-3-small", "", "", 16)
    with pytest.raises(InputError, match="no price for what 'openai:text-embedding-3-small' writes"):
        prices.worst_usd(request, batch=False)
    with pytest.raises(InputError, match="no price for what"):
        prices.usd(usage_of("openai:text-embedding-3-small", output_tokens=1))


def test_an_entry_of_the_file_goes_before_the_packaged_price(written: Prices) -> None:
    usage = usage_of("openai:gpt-4o-mini", input_tokens=1_000_000, output_tokens=1_000_000)
    assert written.usd(usage) == 300.0
    assert written.usd(usage_of("openai:gpt-5-mini", input_tokens=1_000_000)) == 0.25


def test_what_an_entry_leaves_out_is_what_its_provider_does(written: Prices) -> None:
    cached = {"input_tokens": 2_000_000, "cached_tokens": 1_000_000}
    assert written.usd(usage_of("openai:gpt-x", **cached)) == 1.375
    assert written.usd(usage_of("openai:gpt-x", **cached, batch=True)) == 0.6875
    stored = {"input_tokens": 1_000_000, "cache_write_tokens": 1_000_000}
    assert written.usd(usage_of("anthropic:claude-x", **stored)) == 5.0
    assert written.usd(usage_of("anthropic:claude-x", **stored, batch=True)) == 3.75
    assert written.usd(usage_of("compatible:rented", input_tokens=1_000_000, batch=True)) == 0.5


def test_a_compatible_server_may_be_free(written: Prices) -> None:
    assert written.usd(usage_of("compatible:llama", input_tokens=10**9, output_tokens=10**9)) == 0.0
    assert written.worst_usd(ChatRequest("compatible:llama", "s", "u", 100), batch=False) == 0.0


def test_the_version_names_the_library_and_every_price_of_the_file(
    written: Prices, prices: Prices, tmp_path: Path
) -> None:
    assert prices.version == open_prices("").version == "genai-prices 0.2.3"
    same = tmp_path / "same.yaml"
    same.write_text("# again\n" + "".join(reversed(WRITTEN.splitlines(keepends=True))))
    assert Prices(same).version == written.version != prices.version
    same.write_text(WRITTEN.replace("10.0", "10.5"))
    assert Prices(same).version != written.version


@FEW
@given(
    model=st.sampled_from(
        ["openai:gpt-4o-mini", "anthropic:claude-opus-5", "anthropic:claude-haiku-5-5", "openai:gpt-5.5"]
    ),
    text=st.text(max_size=200),
    repeat=st.sampled_from([1, 1500]),
    batch=st.booleans(),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_no_call_costs_more_than_its_worst_case(
    prices: Prices, model: str, text: str, repeat: int, batch: bool, shares: tuple[float, float, float]
) -> None:
    request = ChatRequest(model, text, text * repeat, 500, schema={"type": "object"})
    most = request_input_tokens(request)
    counted = int(most * shares[0])
    cached = int(counted * shares[1])
    usage = usage_of(
        model,
        input_tokens=counted,
        cached_tokens=cached,
        cache_write_tokens=int((counted - cached) * shares[2]),
        output_tokens=500,
        batch=batch,
    )
    assert prices.usd(usage) <= prices.worst_usd(request, batch=batch) * (1 + 1e-12)


def test_no_model_that_the_library_knows_costs_more_than_its_worst_case(prices: Prices) -> None:
    text = "u" * 300_000
    seen = 0
    for model in known_chat_models():
        for n_tokens, share, batch in (
            (300_064, 0.0, False),
            (300_064, 0.5, True),
            (1000, 1.0, False),
            (1000, 0.5, True),
        ):
            request = ChatRequest(model, "", text[: n_tokens - 64], 700)
            cached, stored = int(n_tokens * share / 2), int(n_tokens * share / 2)
            counts = {"input_tokens": n_tokens, "cached_tokens": cached, "cache_write_tokens": stored}
            usd = prices.usd(usage_of(model, **counts, output_tokens=700, reasoning_tokens=100, batch=batch))
            assert 0 < usd <= prices.worst_usd(request, batch=batch) * (1 + 1e-12), (model, n_tokens, share, batch)
        seen += 1
    assert seen > 60


def known_chat_models() -> Iterator[str]:
    for provider in get_snapshot().providers:
        for model in provider.models if provider.id in ("openai", "anthropic") else ():
            name = model.id
            first = model.prices if not isinstance(model.prices, list) else model.prices[0].prices
            if first.input_mtok is not None and first.output_mtok is not None and provider.find_model(name) is model:
                yield f"{provider.id}:{name}"


def test_the_worst_case_is_that_of_the_tier_it_may_reach(prices: Prices) -> None:
    model = "anthropic:claude-haiku-5-5"
    below, above = (ChatRequest(model, "", "u" * n_bytes, 1000) for n_bytes in (99_936, 99_937))
    assert prices.worst_usd(below, batch=False) == pytest.approx(100_000 * 0.125e-6 + 1000 * 0.5e-6)
    assert prices.worst_usd(above, batch=False) == pytest.approx(100_001 * 0.625e-6 + 1000 * 2.5e-6)


def test_the_worst_case_writes_all_input_to_the_cache(prices: Prices) -> None:
    request = ChatRequest("anthropic:claude-haiku-4-5", "s" * 100, "u" * 836, 1000)
    assert request_input_tokens(request) == 1000
    assert prices.worst_usd(request, batch=False) == pytest.approx(1000 * 1.25e-6 + 1000 * 5e-6)
    assert prices.worst_usd(request, batch=True) == pytest.approx(prices.worst_usd(request, batch=False) / 2)


def test_the_worst_case_of_embedding_counts_every_text(prices: Prices) -> None:
    assert embedding_input_tokens(["é" * 10, ""]) == 20 + 8 + 8
    assert prices.worst_embedding_usd("openai:text-embedding-3-small", ["é" * 10, ""]) == pytest.approx(36 * 0.02e-6)
