"""The generator that uses no LLM: it quotes the retrieved sentences most similar to the question."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rag_sweeps.chunking import sentence_starts
from rag_sweeps.protocols import UnitVectors
from rag_sweeps.records import Answer, Passage


class ExtractiveGenerator:
    """Quotes up to `n_sentences` in the order of the passages; withholds an answer below `abstain_below` cosine."""

    def __init__(self, *, n_sentences: int, abstain_below: float, unit_vectors: UnitVectors) -> None:
        self._n_sentences, self._abstain_below, self._unit_vectors = n_sentences, abstain_below, unit_vectors

    def answer(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        candidates = [list(dict.fromkeys(s for p in given for s in sentences(p.text))) for given in passages]
        distinct = list(dict.fromkeys(sentence for each in candidates for sentence in each))
        asked, quoted = self._unit_vectors(questions, "query"), self._unit_vectors(distinct, "document")
        row_of = {sentence: row for row, sentence in enumerate(distinct)}
        return [
            self._quote(each, quoted[[row_of[sentence] for sentence in each]] @ vector if each else np.zeros(0))
            for each, vector in zip(candidates, asked, strict=True)
        ]

    def _quote(self, candidates: list[str], similarity: np.ndarray) -> Answer:  # type: ignore[type-arg]
        best = np.argsort(-similarity, kind="stable")[: self._n_sentences]
        kept = sorted(int(at) for at in best if similarity[at] >= self._abstain_below)
        return Answer(text=" ".join(candidates[at] for at in kept), abstained=not kept)


@lru_cache(maxsize=65_536)
def sentences(text: str) -> tuple[str, ...]:
    """What can be quoted from a passage: its sentences, list items and table rows, without headings and rules."""
    starts = np.unique(np.concatenate([[0], sentence_starts(text)])).tolist()
    pieces = (text[begin:end].strip() for begin, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return tuple(
        piece for piece in pieces if not piece.startswith("#") and any(character.isalnum() for character in piece)
    )
