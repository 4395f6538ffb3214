"""Texts -> vectors ready for an index: cached by content, cut to a width, normalised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import PACKAGED_MODEL, TrialParams, is_model
from rag_sweeps.protocols import Caller, Embedder, Progress, UnitVectors
from rag_sweeps.providers import lsa, sentence_transformers
from rag_sweeps.records import Embedded, Role, Vectors
from rag_sweeps.store.vectors import VectorCache


def open_embedder(
    params: TrialParams, golden: GoldenSet, *, caller: Caller | None = None, trial_id: str = ""
) -> Embedder:
    """The embedder of a trial. Nothing heavy is loaded, and nobody asked, before its first missing text."""
    if is_model(params.embedding_model):
        if caller is None:
            raise TrialError(f"{params.embedding_model} can only be asked within a sweep or a trial that has a ledger")
        return caller.embedder(params.embedding_model, trial_id=trial_id)
    if params.embedding_model.startswith(lsa.PREFIX):
        width = int(params.embedding_model.removeprefix(lsa.PREFIX))
        return lsa.LsaEmbedder(width, golden.documents, golden.digest)
    return sentence_transformers.SentenceTransformerEmbedder(
        params.embedding_model,
        backend=params.embedding_backend,
        precision=params.embedding_precision,
        query_prompt=params.query_prompt,
        document_prompt=params.document_prompt,
    )


def packaged_unit_vectors(progress: Progress) -> UnitVectors:
    """The fixed ruler of text similarity: the packaged model in f32, whatever a trial embeds with."""
    embedder = sentence_transformers.SentenceTransformerEmbedder(
        PACKAGED_MODEL, backend="torch", precision="f32", query_prompt="", document_prompt=""
    )
    return lambda texts, role: unit(embed(embedder, texts, role=role, progress=progress).vectors)


def embedder_revision(params: TrialParams) -> str:
    """Model and revision as the trial id holds them."""
    if params.embedding_model.startswith(lsa.PREFIX):
        return lsa.revision(int(params.embedding_model.removeprefix(lsa.PREFIX)))
    if is_model(params.embedding_model):
        return params.embedding_model
    return sentence_transformers.model_revision(params.embedding_model)


def embed(embedder: Embedder, texts: Sequence[str], *, role: Role, progress: Progress) -> Embedded:
    """Vectors as the model gives them, each text computed once for all trials, runs and processes."""
    if not texts:
        empty = np.zeros(0)
        return Embedded(np.zeros((0, 0), np.float32), empty.astype(bool), empty.astype(np.int64), empty)
    return VectorCache(embedder.identity).get_or_compute(
        texts,
        role=role,
        compute=lambda missing: embedder.embed(missing, role=role),
        progress=lambda done, total: progress("embedding", done, total),
    )


def shape_vectors(embedded: Embedded, *, dimensions: int | None, cosine: bool) -> Embedded:
    """Keep the first dimensions, then scale to unit length for cosine. A zero vector stays zero."""
    vectors = embedded.vectors if dimensions is None else embedded.vectors[:, :dimensions]
    return replace(embedded, vectors=unit(vectors) if cosine else np.ascontiguousarray(vectors))


def unit(vectors: Vectors) -> Vectors:
    """(n, D) rows scaled to length 1; zero rows stay zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return scaled
