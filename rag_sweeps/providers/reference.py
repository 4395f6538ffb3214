"""The judge that uses no LLM: it compares an answer with the reference answer of the golden set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag_sweeps.protocols import UnitVectors
from rag_sweeps.records import Answer, Passage, Question, Verdict

JUDGE_VERSION = "reference/1"


class ReferenceJudge:
    """answer_score = mean of token F1 and embedding similarity to the reference answer, both in [0, 1].

    A question without evidence has no answer in the corpus: abstaining scores 1, answering 0. An answerable
    question that got no answer scores 0. A question with evidence but no reference answer is not judged.
    """

    def __init__(self, *, unit_vectors: UnitVectors) -> None:
        self._unit_vectors = unit_vectors

    def judge(
        self, questions: Sequence[Question], answers: Sequence[Answer], passages: Sequence[Sequence[Passage]]
    ) -> list[Verdict | None]:
        del passages  # groundedness is not what a reference can tell
        compared = [
            (question.answer, answer.text)
            for question, answer in zip(questions, answers, strict=True)
            if question.answer is not None and answer.text
        ]
        similarity = self._similarities(list(dict.fromkeys(compared)))
        return [
            _verdict(question, answer, similarity.get((question.answer or "", answer.text), 0.0))
            for question, answer in zip(questions, answers, strict=True)
        ]

    def _similarities(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        first, second = (self._unit_vectors([pair[side] for pair in pairs], "document") for side in (0, 1))
        cosines = (first * second).sum(axis=1)
        return {pair: max(0.0, min(1.0, float(cosine))) for pair, cosine in zip(pairs, cosines, strict=True)}


def token_f1(reference: str, answer: str) -> float:
    """Harmonic mean of token precision and recall over lower-case words, as SQuAD scores answers (Rajpurkar 2016).

    Articles count like any word; punctuation does not. Two empty texts agree.
    """
    wanted, given = (Counter(re.findall(r"\w+", text.lower())) for text in (reference, answer))
    if not wanted or not given:
        return float(wanted == given)
    shared = (wanted & given).total()
    return 2 * shared / (wanted.total() + given.total())


def _verdict(question: Question, answer: Answer, similarity: float) -> Verdict | None:
    if answer.problem is not None:
        return Verdict(None, answer.problem, JUDGE_VERSION, {})
    if not question.evidence:
        reason = "abstained, and the corpus has no answer" if answer.abstained else "answered what the corpus does not"
        return Verdict(float(answer.abstained), reason, JUDGE_VERSION, {})
    if question.answer is None:
        return None
    if answer.abstained:
        return Verdict(0.0, "abstained, but the corpus has the answer", JUDGE_VERSION, _parts(0.0, 0.0))
    f1 = token_f1(question.answer, answer.text)
    reason = f"token F1 {f1:.2f}, similarity {similarity:.2f} to the reference"
    return Verdict((f1 + similarity) / 2, reason, JUDGE_VERSION, _parts(f1, similarity))


def _parts(f1: float, similarity: float) -> dict[str, float]:
    return {"answer_f1": f1, "answer_similarity": similarity}
