"""The generator that uses no LLM: it quotes the retrieved sentences most similar to the question."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rag_sweeps.chunking import sentence_starts
from rag_sweeps.protocols import UnitVectors
from rag_sweeps.records import Answer, Passage, Question, Vectors

RANK_BONUS = 0.1
"""What standing in the first passage is worth beside the cosine; falls off as 1 / rank."""


class ExtractiveGenerator:
    """Quotes up to `n_sentences` in the order of the passages; withholds what has less than `abstain_below` cosine.

    Sentences are ranked by cosine to the question plus RANK_BONUS / rank of the passage they first stand in.
    """

    def __init__(self, *, n_sentences: int, abstain_below: float, unit_vectors: UnitVectors) -> None:
        self._n_sentences, self._abstain_below, self._unit_vectors = n_sentences, abstain_below, unit_vectors

    def answer(self, questions: Sequence[Question], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        candidates = [_first_ranks(given) for given in passages]
        distinct = list(dict.fromkeys(sentence for each in candidates for sentence in each))
        texts = [question.text for question in questions]
        asked, quoted = self._unit_vectors(texts, "query"), self._unit_vectors(distinct, "document")
        row_of = {sentence: row for row, sentence in enumerate(distinct)}
        return [
            self._quote(each, quoted[[row_of[sentence] for sentence in each]] @ vector) if each else Answer("", True)
            for each, vector in zip(candidates, asked, strict=True)
        ]

    def _quote(self, first_rank: dict[str, int], similarity: Vectors) -> Answer:
        bonus = RANK_BONUS / np.array(list(first_rank.values()))
        best = np.argsort(-(similarity + bonus), kind="stable")[: self._n_sentences]
        kept = sorted(int(at) for at in best if similarity[at] >= self._abstain_below)
        sentences_in_order = list(first_rank)
        return Answer(text=" ".join(sentences_in_order[at] for at in kept), abstained=not kept)


def _first_ranks(passages: Sequence[Passage]) -> dict[str, int]:
    """Each distinct sentence of the passages, in order -> the rank (from 1) of the first passage that has it."""
    ranks: dict[str, int] = {}
    for rank, passage in enumerate(passages, start=1):
        for sentence in sentences(passage.text):
            ranks.setdefault(sentence, rank)
    return ranks


@lru_cache(maxsize=65_536)
def sentences(text: str) -> tuple[str, ...]:
    """What can be quoted from a passage: its sentences, list items and table rows, without headings and rules."""
    starts = np.unique(np.concatenate([[0], sentence_starts(text)])).tolist()
    pieces = (text[begin:end].strip() for begin, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return tuple(
        piece for piece in pieces if not piece.startswith("#") and any(character.isalnum() for character in piece)
    )
