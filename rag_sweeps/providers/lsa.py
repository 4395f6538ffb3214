"""Latent semantic analysis fitted on the corpus: the embedder that needs no weights and no torch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_sweeps.chunking import chunk_documents, chunk_texts
from rag_sweeps.errors import TrialError
from rag_sweeps.parameters import PACKAGED_MODEL
from rag_sweeps.records import Document, Embedded, Role

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

PREFIX = "lsa-"
LSA_VERSION = 1
FIT_TOKENS = 128
"""The corpus is fitted in pieces of this size, whatever chunks a trial makes, so one model serves all of them."""


class LsaEmbedder:
    """TF-IDF (sublinear term frequency) and truncated SVD; Deerwester et al. 1990.

    A corpus with fewer pieces or words than `width` gives narrower vectors.
    """

    usage_provider = "local"

    def __init__(self, width: int, documents: tuple[Document, ...], corpus_digest: str) -> None:
        self._width, self._documents = width, documents
        self.identity = repr((revision(width), corpus_digest))

    def embed(self, texts: Sequence[str], *, role: Role) -> Iterator[Embedded]:
        del role  # one space for questions and documents
        began = time.perf_counter()
        vectors = np.asarray(_fit(self._width, self._documents).transform(texts), dtype=np.float32)
        n_tokens = np.array([len(text.split()) for text in texts], dtype=np.int64)
        seconds = np.full(len(texts), (time.perf_counter() - began) / max(len(texts), 1))
        yield Embedded(vectors, np.zeros(len(texts), dtype=bool), n_tokens, seconds)


@lru_cache(maxsize=2)
def _fit(width: int, documents: tuple[Document, ...]) -> Pipeline:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    pieces = chunk_documents(
        documents, chunker="sentences", chunk_size=FIT_TOKENS, chunk_overlap=0.0, tokenizer=PACKAGED_MODEL
    )
    words: Any = TfidfVectorizer(sublinear_tf=True, stop_words="english", strip_accents="unicode")
    try:
        table = words.fit_transform(chunk_texts(pieces, documents))
    except ValueError as error:
        raise TrialError(f"{PREFIX}{width} cannot be fitted: {error}") from error
    if min(table.shape) < 3:
        raise TrialError(f"{PREFIX}{width} needs a corpus of at least three pieces of {FIT_TOKENS} tokens")
    svd = TruncatedSVD(min(width, min(table.shape) - 1), algorithm="arpack", random_state=0)
    svd.fit(table)
    return make_pipeline(words, svd)


def revision(width: int) -> str:
    """Names the recipe and the library that fits it; the corpus belongs to the golden set's digest."""
    return f"{PREFIX}{width}/{LSA_VERSION}+sklearn-{version('scikit-learn')}"
