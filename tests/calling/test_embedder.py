"""Vectors of a provider's model: in order, cut to what it takes, paid once per batch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback.providers.server import ProviderServer

from calling.played import SWEEP, limits
from rag_sweeps.calling.embedder import MAX_BATCH_BYTES, MAX_BATCH_TEXTS, ApiEmbedder, apportion, batch_bounds
from rag_sweeps.errors import CapReachedError, InputError, ProviderFaultError, TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.providers.models import open_embedding_model
from rag_sweeps.records import Embedded, Usage, Vectors

MODEL = "openai:text-embedding-3-small"


class PlayedEmbeddings:
    """Fits EmbeddingModel: the vector of a text is its length."""

    def __init__(self, *, errors: Sequence[Exception] = (), first_waits_for: int = 0) -> None:
        self.batches: list[list[str]] = []
        self._errors = list(errors)
        self._lock = threading.Lock()
        self._others_came = threading.Event()
        self._first_waits_for = first_waits_for

    def embed_batch(self, texts: Sequence[str]) -> tuple[Vectors, Usage]:
        with self._lock:
            if self._errors:
                raise self._errors.pop(0)
            self.batches.append(list(texts))
            if len(self.batches) > self._first_waits_for:
                self._others_came.set()
        if "first" in texts:
            assert self._others_came.wait(60)
        usage = Usage("openai", "text-embedding-3-small", "embed", input_tokens=sum(map(len, texts)), latency_s=2.0)
        return np.array([[len(text)] for text in texts], dtype=np.float32), usage


def embedder(
    played: Any,
    *,
    model: str = MODEL,
    base_url: str = "",
    ledger: Ledger | None = None,
    budget_usd: float | None = None,
    **changed: Any,
) -> ApiEmbedder:
    return ApiEmbedder(
        model=model,
        base_url=base_url,
        open_model=lambda name, base_url: played,
        ledger=ledger or Ledger(),
        prices=Prices(None),
        limits=limits(**changed),
        sweep_id=SWEEP,
        budget_usd=budget_usd,
        trial_id="trial",
    )


def joined(parts: Sequence[Embedded]) -> Embedded:
    columns = [[part.vectors, part.truncated, part.n_tokens, part.seconds] for part in parts]
    return Embedded(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def test_rows_come_in_order_although_batches_end_in_another() -> None:
    texts = ["first", *("x" * (number % 50 + 1) for number in range(3 * MAX_BATCH_TEXTS))]
    model = PlayedEmbeddings(first_waits_for=2)
    found = joined(list(embedder(model, concurrency=3).embed(texts, role="document")))
    assert found.vectors[:, 0].tolist() == [len(text) for text in texts]
    assert len(model.batches) == 4
    assert not found.truncated.any()


def test_tokens_and_seconds_of_a_batch_are_shared_by_length() -> None:
    (found,) = embedder(PlayedEmbeddings()).embed(["a" * 10, "b" * 30], role="query")
    assert found.n_tokens.tolist() == [10, 30]
    assert found.seconds.tolist() == pytest.approx([0.5, 1.5])


def test_no_texts_are_no_batches() -> None:
    assert list(embedder(PlayedEmbeddings()).embed([], role="query")) == []


def test_a_text_that_is_too_long_is_cut_and_counted() -> None:
    model = PlayedEmbeddings()
    (found,) = embedder(model).embed(["short", "é" * 9000], role="document")
    assert found.truncated.tolist() == [False, True]
    assert 0 < len(model.batches[0][1]) < 9000
    assert len(model.batches[0][1].encode()) <= 8191 * 2


def test_a_model_without_a_price_is_not_asked() -> None:
    model = PlayedEmbeddings()
    with pytest.raises(InputError, match="no price"):
        list(embedder(model, model="compatible:bge", base_url="http://localhost:1/v1").embed(["x"], role="query"))
    assert model.batches == []


def test_its_identity_names_model_and_server() -> None:
    assert embedder(None).identity == f"api:{MODEL}@"
    assert embedder(None).usage_provider == "openai"
    other = embedder(None, model="compatible:bge", base_url="http://localhost:1/v1")
    assert other.identity == "api:compatible:bge@http://localhost:1/v1"


def test_a_fault_is_tried_again_and_the_ledger_says_what_it_cost() -> None:
    ledger = Ledger()
    model = PlayedEmbeddings(errors=[ProviderFaultError("500", billed=False)])
    list(embedder(model, ledger=ledger).embed(["x" * 1000], role="document"))
    assert [entry.state for entry in ledger.entries(SWEEP)] == ["given_up", "settled"]
    entry = list(ledger.entries(SWEEP))[1]
    assert (entry.usage.purpose, entry.trial_id) == ("embed", "trial")
    assert ledger.spent(SWEEP) == pytest.approx(1000 * 0.02e-6, rel=0.01)


def test_a_batch_that_never_comes_ends_the_trial() -> None:
    model = PlayedEmbeddings(errors=[ProviderFaultError("500", billed=False)] * 9)
    with pytest.raises(TrialError, match=r"openai:text-embedding-3-small did not embed: 500 \(attempt 3 of 3\)"):
        list(embedder(model, attempts=3).embed(["x"], role="document"))


def test_the_cap_holds_for_embedding_too() -> None:
    model, ledger = PlayedEmbeddings(), Ledger()
    texts = ["x" * 100] * (4 * MAX_BATCH_TEXTS)
    one_batch = Prices(None).worst_embedding_usd(MODEL, texts[:MAX_BATCH_TEXTS])
    found = []
    reading = embedder(model, ledger=ledger, budget_usd=2.5 * one_batch, concurrency=1).embed(texts, role="document")
    with pytest.raises(CapReachedError):
        found.extend(reading)
    assert 2 <= len(model.batches) <= 3
    assert ledger.spent(SWEEP) <= 2.5 * one_batch


def test_a_reply_of_another_length_is_not_taken() -> None:
    class TooFew(PlayedEmbeddings):
        def embed_batch(self, texts: Sequence[str]) -> tuple[Vectors, Usage]:
            vectors, usage = super().embed_batch(texts)
            return vectors[:-1], usage

    with pytest.raises(TrialError, match="1 vectors came for 2 texts"):
        list(embedder(TooFew()).embed(["x", "y"], role="document"))


def test_the_real_client_embeds_many_texts(server: ProviderServer) -> None:
    ledger = Ledger()
    model = open_embedding_model(MODEL, timeout_s=60.0)
    texts = [f"text number {number} of many" for number in range(600)]
    found = joined(list(embedder(model, ledger=ledger).embed(texts, role="document")))
    assert found.vectors.shape == (600, 64)
    billed = server.billed()["text-embedding-3-small"]
    assert (billed.requests, billed.input_tokens) == (3, int(found.n_tokens.sum()))
    assert ledger.spent(SWEEP) == pytest.approx(server.usd({"text-embedding-3-small": {"input": 0.02}}), abs=1e-8)


@given(st.lists(st.integers(0, 120_000), max_size=40))
def test_batches_are_whole_and_no_larger_than_a_request(sizes: list[int]) -> None:
    texts = ["x" * size for size in sizes]
    bounds = list(batch_bounds(texts))
    assert [at for start, end in bounds for at in range(start, end)] == list(range(len(texts)))
    for start, end in bounds:
        assert end - start <= MAX_BATCH_TEXTS
        assert end - start == 1 or sum(sizes[start:end]) <= MAX_BATCH_BYTES


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**5), min_size=1, max_size=50))
def test_shares_are_whole_and_sum_to_the_total(total: int, weights: list[int]) -> None:
    shares = apportion(total, np.array(weights, dtype=np.float64))
    assert shares.sum() == total
    for share, weight in zip(shares.tolist(), weights, strict=True):
        assert abs(share - total * weight / sum(weights)) <= 1


def test_shares_by_hand() -> None:
    assert apportion(10, np.array([1.0, 1.0, 1.0])).tolist() == [4, 3, 3]
    assert apportion(7, np.array([1.0, 6.0])).tolist() == [1, 6]
