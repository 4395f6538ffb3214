"""The configurations every sweep is held against: the default one, and the same with BM25."""

from __future__ import annotations

from typing import Any

from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.search.space import SearchSpace

BM25 = {"retriever": "bm25"}
BM25_OVER_WORD_PIECES = {"retriever": "bm25", "bm25_stemmer": "none"}


def baseline_proposals(space: SearchSpace) -> dict[str, dict[str, Any]]:
    """name -> proposal; none for a config that is not this package's.

    Swept parameters take their default, or the nearest value the sweep allows. BM25 is a baseline also where the sweep
    does not search retrievers: its proposal then overrides a constant.
    """
    if not space.is_ours:
        return {}
    default = {name: space.nearest(name, DEFAULTS.get(name)) for name in space.distributions}
    word_pieces = {**space.constants, **default}.get("bm25_tokenizer") == "wordpieces"
    wanted = BM25_OVER_WORD_PIECES if word_pieces else BM25
    lexical = {**default, **{name: value for name, value in wanted.items() if space.constants.get(name) != value}}
    same = space.identity(default) == space.identity(lexical)
    return {"bm25": lexical} if same else {"default": default, "bm25": lexical}
