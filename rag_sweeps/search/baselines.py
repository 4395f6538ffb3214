"""The configurations every sweep is held against: the default one, and the same with BM25."""

from __future__ import annotations

from typing import Any

from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.search.space import SearchSpace

BM25 = {"retriever": "bm25"}


def baseline_proposals(space: SearchSpace) -> dict[str, dict[str, Any]]:
    """name -> proposal. Swept parameters take their default, or the nearest value the sweep allows.

    BM25 is a baseline also where the sweep does not search retrievers: its proposal then overrides a constant.
    """
    default = {name: space.nearest(name, DEFAULTS.get(name)) for name in space.distributions}
    lexical = {**default, **BM25}
    if space.constants.get("bm25_tokenizer", lexical.get("bm25_tokenizer")) == "wordpieces":
        lexical["bm25_stemmer"] = "none"
    same = space.identity(default) == space.identity(lexical)
    return {"bm25": lexical} if same else {"default": default, "bm25": lexical}
