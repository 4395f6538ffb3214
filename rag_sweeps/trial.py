"""TrialParams -> TrialResult: the whole pipeline in one function, read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np

from rag_sweeps import costs
from rag_sweeps.answering import open_generator
from rag_sweeps.chunking import chunk_documents, chunk_texts
from rag_sweeps.embedding import embedder_revision
from rag_sweeps.environment import environment
from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet, evidence_table
from rag_sweeps.judging import judge_version, open_judge
from rag_sweeps.metrics import score_retrieval
from rag_sweeps.parameters import TrialParams, effective
from rag_sweeps.protocols import Progress, no_progress
from rag_sweeps.records import (
    CUTOFFS,
    PIPELINE_VERSION,
    Answer,
    ChunkTable,
    Floats,
    Matches,
    Passage,
    Question,
    QuestionRecord,
    Ranking,
    RetrievedPassage,
    Split,
    TrialCosts,
    TrialResult,
    Verdict,
)
from rag_sweeps.relevance import context_tokens, match
from rag_sweeps.retrieval import Retrieved, retrieve
from rag_sweeps.statistics import mean_intervals
from rag_sweeps.store.files import digest_of
from rag_sweeps.tokenization import tokenizer_revision

MAX_UNSCORED_SHARE = 0.05
"""A trial of which more answers than this could not be scored is a failed trial, not a noisy one."""

SHOWN_PASSAGES = 20


def trial_id(params: TrialParams, golden: GoldenSet) -> str:
    """SHA-256 of everything that can change the result: same id, same result, whoever proposes it."""
    versions = [
        PIPELINE_VERSION,
        tokenizer_revision(params.tokenizer),
        embedder_revision(params) if params.retriever != "bm25" else None,
        judge_version(params),
    ]
    return digest_of([versions, golden.digest, effective(asdict(params))])


def run_trial(
    params: TrialParams, golden: GoldenSet, *, split: Split = "dev", progress: Progress = no_progress
) -> TrialResult:
    """Measure one configuration on one split. Raises TrialError when it cannot give a result."""
    questions = golden.split(split)
    if not questions:
        raise TrialError(f"golden set {golden.name} has no {split} questions")
    texts = [question.text for question in questions]
    cutoffs = {str(k): k for k in CUTOFFS} | {"top_k": params.top_k}
    clock = Stopwatch()

    with clock("chunking"):
        chunks = chunk_documents(
            golden.documents,
            chunker=params.chunker,
            chunk_size=params.chunk_size,
            chunk_overlap=params.chunk_overlap,
            tokenizer=params.tokenizer,
        )
    with clock("retrieval"):
        found = retrieve(params, golden, chunk_texts(chunks, golden.documents), texts, progress=progress)
    with clock("relevance"):
        matches = match(
            found.ranking,
            chunks,
            evidence_table(questions),
            overlap=params.relevance_overlap,
            cutoffs=tuple(sorted(set(cutoffs.values()))),
        )
    with clock("metrics"):
        scores = score_retrieval(matches, cutoffs)
        scores["context_tokens_per_question"] = context_tokens(found.ranking, chunks, params.top_k)
    with clock("answering"):
        passages = top_passages(found.ranking, chunks, golden, params.top_k)
        generator = open_generator(params, progress)
        answers = generator.answer(questions, passages) if generator else [None] * len(questions)
    with clock("judging"):
        judge = open_judge(params, progress)
        written = [answer for answer in answers if answer is not None]
        verdicts = judge.judge(questions, written, passages) if judge else [None] * len(questions)
        scores |= answer_scores(verdicts)
    n_unscored = sum(verdict is not None and verdict.score is None for verdict in verdicts)
    if n_unscored > MAX_UNSCORED_SHARE * len(questions):
        raise TrialError(f"{n_unscored} of {len(questions)} answers could not be scored; the trial has no result")
    with clock("statistics"):
        metrics = mean_intervals(scores)

    return TrialResult(
        trial_id=trial_id(params, golden),
        split=split,
        params=asdict(params),
        golden_digest=golden.digest,
        question_ids=tuple(question.id for question in questions),
        per_question=scores,
        metrics=metrics,
        questions=question_records(questions, found, matches, chunks, answers, verdicts),
        costs=costs_in_use(found, len(questions), float(scores["context_tokens_per_question"].mean())),
        n_chunks=len(chunks),
        truncated_share=found.truncated_share,
        index_recall=found.index_recall,
        n_failed=int(found.failed.sum()),
        n_unscored=n_unscored,
        stage_seconds=clock.seconds,
        environment=environment(),
    )


class Stopwatch:
    """Seconds per named stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - began


def top_passages(ranking: Ranking, chunks: ChunkTable, golden: GoldenSet, top_k: int) -> list[list[Passage]]:
    """What the generator is given for each question: the first top_k chunks, in rank order."""
    return [
        [
            Passage(
                document=golden.documents[chunks.doc[row]].id,
                text=golden.documents[chunks.doc[row]].text[chunks.start[row] : chunks.end[row]],
                score=float(score),
            )
            for row, score in zip(rows, scores, strict=True)
            if row >= 0
        ]
        for rows, scores in zip(ranking.rows[:, :top_k], ranking.scores[:, :top_k], strict=True)
    ]


def answer_scores(verdicts: Sequence[Verdict | None]) -> dict[str, Floats]:
    """answer_score and its parts, (Q,) each; NaN for a question that was not judged. Nothing judged, no metric."""
    names = sorted({name for verdict in verdicts if verdict for name in verdict.parts})
    if not any(verdict is not None and verdict.score is not None for verdict in verdicts):
        return {}
    whole = [np.nan if verdict is None or verdict.score is None else verdict.score for verdict in verdicts]
    parts = {name: [verdict.parts.get(name, np.nan) if verdict else np.nan for verdict in verdicts] for name in names}
    return {name: np.array(values, dtype=np.float64) for name, values in ({"answer_score": whole} | parts).items()}


def question_records(
    questions: Sequence[Question],
    found: Retrieved,
    matches: Matches,
    chunks: ChunkTable,
    answers: Sequence[Answer | None],
    verdicts: Sequence[Verdict | None],
) -> tuple[QuestionRecord, ...]:
    """What a person looks at when a question went wrong."""
    return tuple(
        QuestionRecord(
            question_id=question.id,
            passages=tuple(
                RetrievedPassage(
                    int(chunks.doc[row]), int(chunks.start[row]), int(chunks.end[row]), float(score), bool(hit)
                )
                for row, score, hit in zip(rows, scores, hits, strict=True)
                if row >= 0
            ),
            answer=answer,
            verdict=verdict,
            failure="the question's vector is not finite" if failed else None,
        )
        for question, rows, scores, hits, answer, verdict, failed in zip(
            questions,
            found.ranking.rows[:, :SHOWN_PASSAGES],
            found.ranking.scores[:, :SHOWN_PASSAGES],
            matches.hits[:, :SHOWN_PASSAGES],
            answers,
            verdicts,
            found.failed,
            strict=True,
        )
    )


def costs_in_use(found: Retrieved, n_questions: int, context_tokens_per_question: float) -> TrialCosts:
    """What the configuration would cost its owner: the corpus once, then every question."""
    corpus, asked = found.usage[:1], found.usage[1:]
    p50, p95 = np.percentile(found.search_ms, [50, 95]) if len(found.search_ms) else (0.0, 0.0)
    usd: Mapping[str, Mapping[str, float]] = costs.usd_by_provider(found.usage)
    return TrialCosts(
        usd=usd,
        usd_to_index=costs.total_usd(costs.usd_by_provider(corpus)),
        usd_per_1k_questions=costs.total_usd(costs.usd_by_provider(asked)) * 1000 / max(n_questions, 1),
        embed_tokens=sum(usage.input_tokens for usage in found.usage),
        embed_seconds=sum(usage.latency_s for usage in found.usage),
        index_build_seconds=found.build_seconds,
        index_bytes=found.index_bytes,
        search_ms_p50=float(p50),
        search_ms_p95=float(p95),
        context_tokens_per_question=context_tokens_per_question,
    )
