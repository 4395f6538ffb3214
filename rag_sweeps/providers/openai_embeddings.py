"""Texts -> vectors through the Embeddings API: OpenAI, and every server that speaks the same."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from rag_sweeps.providers.bodies import Body, broken_promise, parse_body
from rag_sweeps.providers.connections import open_openai
from rag_sweeps.providers.endpoints import open_endpoint
from rag_sweeps.providers.translation import translated_errors
from rag_sweeps.records import Usage, Vectors


class OpenAiEmbeddings:
    """One embedding model of OpenAI or of a compatible server. Safe from many threads."""

    def __init__(self, provider: str, model: str, *, base_url: str = "", timeout_s: float) -> None:
        self._model = model
        self._endpoint = open_endpoint(provider, base_url)
        self._client = open_openai(self._endpoint, timeout_s=timeout_s, owner=self)

    def embed_batch(self, texts: Sequence[str]) -> tuple[Vectors, Usage]:
        began = time.perf_counter()
        with translated_errors(self._endpoint, self._model):
            response = self._client.embeddings.with_raw_response.create(
                input=list(texts), model=self._model, encoding_format="float"
            )
            body = parse_body(response.http_response.content, f"{self._endpoint.provider}:{self._model}")
        n_tokens = body.body("usage").count("prompt_tokens")
        latency_s = time.perf_counter() - began
        usage = Usage(self._endpoint.provider, self._model, "embed", input_tokens=n_tokens, latency_s=latency_s)
        return read_vectors(body, n=len(texts)), usage


def read_vectors(body: Body, *, n: int) -> Vectors:
    """`data` of a reply -> (n, D) float32 in the order of `index`; anything else raises ProviderFaultError."""
    entries = body.bodies("data")
    rows = {entry.count("index"): entry.items("embedding") for entry in entries}
    if len(entries) != n or set(rows) != set(range(n)):
        raise broken_promise(body.source, f"not one vector for each of {n} texts")
    try:
        table = np.array([rows[i] for i in range(n)])
    except ValueError as error:
        raise broken_promise(body.source, "vectors of several widths") from error
    if table.ndim != 2 or not table.shape[1] or table.dtype.kind not in "if":
        raise broken_promise(body.source, "vectors that are not lists of numbers")
    with np.errstate(over="ignore"):
        vectors = table.astype(np.float32)
    if not np.isfinite(vectors).all():
        raise broken_promise(body.source, "vectors that are not finite")
    return vectors
