"""Embedding models over the network: OpenAI and compatible servers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loopback.providers.server import ProviderServer
from loopback.providers.tokens import count_tokens, embed

from rag_sweeps.errors import InputError, ProviderBusyError, ProviderFaultError, TrialError
from rag_sweeps.protocols import EmbeddingModel
from rag_sweeps.providers.bodies import Body
from rag_sweeps.providers.models import open_embedding_model
from rag_sweeps.providers.openai_embeddings import read_vectors
from rag_sweeps.records import Vectors

TEXTS = ["Bicycles are parked in the courtyard.", "Salaries are paid.", "東京 🚲"]


@pytest.fixture(params=["openai", "compatible"])
def model(server: ProviderServer, request: pytest.FixtureRequest) -> EmbeddingModel:
    return open_embedding_model(f"{request.param}:embed-x", base_url=server.compatible_url, timeout_s=60)


def vectors_of(*data: Any, n: int) -> Vectors:
    return read_vectors(Body({"data": list(data)}, "openai:embed-x"), n=n)


def test_a_vector_for_each_text_in_order(server: ProviderServer, model: EmbeddingModel) -> None:
    vectors, usage = model.embed_batch(TEXTS)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [embed(text, 64) for text in TEXTS], atol=1e-6)
    assert usage.input_tokens == sum(map(count_tokens, TEXTS)) == server.billed()["embed-x"].input_tokens
    assert (usage.purpose, usage.model, usage.output_tokens) == ("embed", "embed-x", 0)
    assert usage.provider == server.log[0].provider


def test_order_is_that_of_the_index() -> None:
    rows = [{"index": 2, "embedding": [3, 3]}, {"index": 0, "embedding": [1, 1.5]}, {"index": 1, "embedding": [2, 2]}]
    assert vectors_of(*rows, n=3).tolist() == [[1.0, 1.5], [2.0, 2.0], [3.0, 3.0]]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": "1", "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": ["1.0"]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [None]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [float("nan")]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1e300]}],
        [{"index": 0, "embedding": [[1.0]]}, {"index": 1, "embedding": [[1.0]]}],
        [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": "AAAA"}],
    ],
)
def test_vectors_that_cannot_be_are_a_fault(rows: list[Any]) -> None:
    with pytest.raises(ProviderFaultError, match="does not promise"):
        vectors_of(*rows, n=2)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", ProviderBusyError),
        ("500", ProviderFaultError),
        ("cut", ProviderFaultError),
        ("malformed", ProviderFaultError),
        ("wrong_types", ProviderFaultError),
        ("no_usage", ProviderFaultError),
        ("no_choices", ProviderFaultError),
        ("401", InputError),
        ("404", InputError),
        ("400", TrialError),
    ],
)
def test_troubles_come_out_as_those_of_a_chat_model(
    server: ProviderServer, model: EmbeddingModel, kind: Any, error: type[Exception]
) -> None:
    server.faults.add(kind)
    with pytest.raises(error):
        model.embed_batch(TEXTS)
    assert len(server.log) == 1


def test_anthropic_has_no_embeddings(server: ProviderServer) -> None:
    with pytest.raises(InputError, match="cannot embed"):
        open_embedding_model("anthropic:claude-x", timeout_s=60)
