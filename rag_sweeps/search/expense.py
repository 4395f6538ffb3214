"""What a proposal would take beside what earlier trials paid for: embeddings are dear, the rest is nearly free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag_sweeps.parameters import DEFAULTS, effective
from rag_sweeps.search.space import SearchSpace
from rag_sweeps.store.files import canonical_json

EMBEDDING = 1.0
RANKING = 0.1
"""Reading vectors, searching them and scoring."""

_DECIDES_VECTORS = (
    *("tokenizer", "chunker", "chunk_size", "chunk_overlap", "embedding_model", "embedding_backend"),
    *("embedding_precision", "query_prompt", "document_prompt"),
)


def vectors_of(space: SearchSpace, proposal: Mapping[str, Any]) -> str | None:
    """The same text for proposals that need the same vectors; None where nothing is embedded, or nothing is known."""
    values = {**space.constants, **proposal}
    if not space.is_ours or values.get("retriever", DEFAULTS["retriever"]) == "bm25":
        return None
    matters = effective(values)
    return canonical_json({name: matters[name] for name in _DECIDES_VECTORS if name in matters})


def relative_expense(vectors: str | None, paid: set[str | None]) -> float:
    """Of one trial, where `paid` holds what was embedded before; the same for all of a config that is not ours."""
    return RANKING + EMBEDDING * (vectors is not None and vectors not in paid)
