"""TrialParams -> TrialResult: the whole pipeline in one function, read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np

from rag_sweeps.answering import open_generator, prompt_revision
from rag_sweeps.chunking import chunk_documents, chunk_texts
from rag_sweeps.curves import mean_curves
from rag_sweeps.embedding import embedder_revision
from rag_sweeps.environment import environment
from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet, evidence_table
from rag_sweeps.judging import judge_version, open_judge
from rag_sweeps.metrics import score_retrieval
from rag_sweeps.parameters import TrialParams, effective
from rag_sweeps.protocols import Caller, Progress, Race, no_progress
from rag_sweeps.recording import answer_scores, question_records, top_passages
from rag_sweeps.records import CUTOFFS, PIPELINE_VERSION, Answer, Look, Split, TrialResult, Verdict
from rag_sweeps.relevance import context_tokens, match
from rag_sweeps.retrieval import retrieve
from rag_sweeps.statistics import mean_intervals
from rag_sweeps.store.files import digest_of
from rag_sweeps.tokenization import tokenizer_revision
from rag_sweeps.trial_costs import costs_in_use

MAX_FAILED_SHARE = 0.05
"""A trial of which more answers than this did not come or could not be scored is a failed trial, not a noisy one."""


def trial_id(params: TrialParams, golden: GoldenSet) -> str:
    """SHA-256 of everything that can change the result: same id, same result, whoever proposes it."""
    settings = effective(asdict(params))
    named = {name: settings.pop(name) for name in ("answer_prompt", "judge_prompt") if name in settings}
    versions = [
        PIPELINE_VERSION,
        tokenizer_revision(params.tokenizer),
        embedder_revision(params) if params.retriever != "bm25" else None,
        prompt_revision(named["answer_prompt"]) if "answer_prompt" in named else None,
        judge_version(params),
    ]
    return digest_of([versions, golden.digest, settings])


def run_trial(
    params: TrialParams,
    golden: GoldenSet,
    *,
    caller: Caller | None = None,
    split: Split = "dev",
    race: Race | None = None,
    progress: Progress = no_progress,
) -> TrialResult:
    """Measure one configuration on one split. caller: who asks the models of providers, None where none is named.

    race: looks after each block of questions; a trial that it drops has answers up to there. Raises TrialError when
    the trial cannot give a result, CapReachedError when the sweep's cap leaves no room for its next call.
    """
    questions = golden.split(split)
    if not questions:
        raise TrialError(f"golden set {golden.name} has no {split} questions")
    identity = trial_id(params, golden)
    texts = [question.text for question in questions]
    cutoffs = {str(k): k for k in CUTOFFS} | {"top_k": params.top_k}
    evidence = evidence_table(questions)
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
        corpus = chunk_texts(chunks, golden.documents)
        found = retrieve(params, golden, corpus, texts, caller=caller, trial_id=identity, progress=progress)
    with clock("relevance"):
        matches = match(
            found.ranking,
            chunks,
            evidence,
            overlap=params.relevance_overlap,
            cutoffs=tuple(sorted(set(cutoffs.values()))),
        )
    with clock("metrics"):
        scores = score_retrieval(matches, cutoffs)
        scores["context_tokens_per_question"] = context_tokens(found.ranking, chunks, params.top_k)
        curves = {
            retriever: mean_curves(ranking, chunks, evidence, overlap=params.relevance_overlap)
            for retriever, ranking in found.legs.items()
        }

    passages = top_passages(found.ranking, chunks, golden, params.top_k)
    generator = open_generator(params, caller=caller, trial_id=identity, progress=progress)
    judge = open_judge(params, caller=caller, trial_id=identity, progress=progress)
    answers: list[Answer | None] = [None] * len(questions)
    verdicts: list[Verdict | None] = [None] * len(questions)
    looks: list[Look] = []
    if generator is not None:
        for block in race.blocks if race is not None else [np.arange(len(questions))]:
            asked, given = [questions[at] for at in block], [passages[at] for at in block]
            with clock("answering"):
                written = generator.answer(asked, given)
            with clock("judging"):
                judged = judge.judge(asked, written, given) if judge is not None else [None] * len(asked)
            for at, answer, verdict in zip(block.tolist(), written, judged, strict=True):
                answers[at], verdicts[at] = answer, verdict
                if answer.context_tokens is not None:
                    scores["context_tokens_per_question"][at] = answer.context_tokens
            if race is not None:
                looks.append(race.look(scores | answer_scores(verdicts)))
                if not looks[-1].keep_going:
                    break
    scores |= answer_scores(verdicts)
    n_unanswered, n_unscored = count_failures(answers, verdicts)
    with clock("statistics"):
        metrics = mean_intervals(scores)

    return TrialResult(
        trial_id=identity,
        split=split,
        params=asdict(params),
        golden_digest=golden.digest,
        question_ids=tuple(question.id for question in questions),
        per_question=scores,
        metrics=metrics,
        questions=question_records(questions, found, matches, chunks, answers, verdicts),
        costs=costs_in_use(params, found, answers, verdicts, float(scores["context_tokens_per_question"].mean())),
        n_chunks=len(chunks),
        truncated_share=found.truncated_share,
        index_recall=found.index_recall,
        n_failed=int(found.failed.sum()) + n_unanswered,
        n_unscored=n_unscored,
        stage_seconds=clock.seconds,
        environment=environment(),
        curves=curves,
        looks=tuple(looks),
        pruned=bool(looks) and not looks[-1].keep_going,
    )


def count_failures(answers: Sequence[Answer | None], verdicts: Sequence[Verdict | None]) -> tuple[int, int]:
    """(answers that did not come, verdicts without a score). Raises TrialError where they are too many for a result."""
    written = [answer for answer in answers if answer is not None]
    problems = [answer.problem for answer in written if answer.problem is not None]
    unscored = [verdict.reason for verdict in verdicts if verdict is not None and verdict.score is None]
    for found, what in (
        (problems, "answers did not come or cannot be used"),
        (unscored, "answers could not be scored"),
    ):
        if len(found) > MAX_FAILED_SHARE * len(written):
            raise TrialError(
                f"{len(found)} of {len(written)} {what}, so there is no result; the first: {found[0]}. Replies that "
                "came are kept and not paid again: another prompt, model or structured_output asks anew"
            )
    return len(problems), len(unscored)


class Stopwatch:
    """Seconds per named stage, added up where a stage works in several pieces."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began
