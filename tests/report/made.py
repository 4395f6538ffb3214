"""Tiny results made by hand, so that no test of the report needs a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from rag_sweeps.decision import Measured, decide, statements
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.objective import with_objective
from rag_sweeps.parameters import parse_params
from rag_sweeps.records import (
    CUTOFFS,
    Answer,
    Floats,
    Question,
    QuestionRecord,
    RetrievedPassage,
    Split,
    TrialCosts,
    TrialResult,
    Verdict,
)
from rag_sweeps.report import Failure, ReportData
from rag_sweeps.statistics import mean_intervals

SWEPT = ("chunk_size", "embedding_model", "retriever")
EVIL = "</script><script>document.documentElement.dataset.error='injected'</script><img src=x onerror=alert(1)>"
QUOTE = "the 𝒜stral e\u0301vidence 🦜"
DOCUMENT = f"🦜🦜 Before it: 𝔘nicode. Here is {QUOTE}, and after it more text.\n"


def make_golden(folder: Path, *, n_questions: int = 12) -> GoldenSet:
    """The last question has no evidence, the second one is evil, and every document begins with astral characters."""
    documents = [{"id": f"doc{at}.md", "text": DOCUMENT + f"Document number {at}. {EVIL}\n"} for at in range(3)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "documents.jsonl").write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")
    start = DOCUMENT.index(QUOTE)
    place = {"document": "doc0.md", "quote": QUOTE, "start": start, "end": start + len(QUOTE)}
    lines = [
        {
            "id": f"q{at}",
            "question": EVIL if at == 1 else f"Question {at}?",
            "answer": None if at == n_questions - 1 else f"Answer {at} {EVIL}",
            "evidence": [] if at == n_questions - 1 else [place],
            "tags": ["often"] if at % 2 else ["often", f"rare {EVIL}"],
            "split": "dev",
        }
        for at in range(n_questions)
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return load_golden(folder)


def make_result(
    golden: GoldenSet,
    params: Mapping[str, object],
    rr: Floats,
    *,
    split: Split = "dev",
    undefined: int = 0,
    usd: Mapping[str, Mapping[str, float]] | None = None,
    answer_ms: float | None = None,
) -> TrialResult:
    """rr: (Q,) reciprocal ranks; questions without evidence, and the first `undefined` others, have none."""
    questions = golden.questions
    answerable = np.array([bool(question.evidence) for question in questions])
    rr = np.where(answerable, rr, np.nan)
    rr[:undefined] = np.nan
    ranks = np.where(rr > 0, 1 / np.where(rr > 0, rr, 1.0), np.inf)
    scores = {"mrr@10": rr}
    scores |= {f"hit_rate@{k}": np.where(np.isnan(rr), np.nan, ranks <= k) for k in CUTOFFS}
    scores["context_tokens_per_question"] = np.full(len(questions), 100.0 + float(str(params.get("chunk_size", 0))))
    values = asdict(parse_params({"golden_set": "g", **params}))
    result = TrialResult(
        trial_id="0" * 64,
        split=split,
        params=values,
        golden_digest=golden.digest,
        question_ids=tuple(question.id for question in questions),
        per_question=scores,
        metrics=mean_intervals(scores),
        questions=tuple(make_record(question, rank) for question, rank in zip(questions, ranks, strict=True)),
        costs=TrialCosts(
            usd=usd or {},
            usd_to_index=0.0,
            usd_per_1k_questions=1000 * sum(sum(each.values()) for each in (usd or {}).values()) / len(questions),
            embed_tokens=10,
            embed_seconds=0.0 if values["retriever"] == "bm25" else 2.5,
            index_build_seconds=0.1,
            index_bytes=1000,
            search_ms_p50=0.1,
            search_ms_p95=0.2,
            context_tokens_per_question=float(scores["context_tokens_per_question"].mean()),
            answer_ms_p50=answer_ms,
            answer_ms_p95=answer_ms,
        ),
        n_chunks=3,
        truncated_share=0.25,
        index_recall=None,
        n_failed=undefined,
        n_unscored=0,
        stage_seconds={"chunking": 0.5, "retrieval": 1.25},
        environment={"python": "3.11", "git_commit": "abc"},
    )
    return with_objective(result, values)


def make_record(question: Question, rank: float) -> QuestionRecord:
    """Seven passages; the one at `rank` is document 0 from its start to just after the quote."""
    hit = RetrievedPassage(0, 0, DOCUMENT.index(QUOTE) + len(QUOTE) + 5, 0.9, True)
    miss = RetrievedPassage(1, 3, 20, float("nan"), False)
    return QuestionRecord(
        question_id=question.id,
        passages=tuple(hit if at == rank else miss for at in range(1, 8)),
        answer=Answer(f"Given {EVIL}", abstained=False),
        verdict=Verdict(0.25, f"reason {EVIL}", "reference/1", {}),
    )


def make_report(
    golden: GoldenSet,
    searched: Sequence[Mapping[str, object]] = (
        {"retriever": "hybrid", "chunk_size": 64},
        {"retriever": "hybrid", "chunk_size": 128, "embedding_model": "lsa-64"},
        {"retriever": "dense", "chunk_size": 200},
        {"retriever": "bm25", "chunk_size": 300},
        {"retriever": "dense", "chunk_size": 90, "embedding_model": "lsa-64"},
    ),
    *,
    equal: bool = False,
    apart: bool = False,
    paid: bool = False,
    title: str = "made by hand",
) -> ReportData:
    """Two baselines and the searched configurations, the later ones worse.

    apart: the last has another n. paid: providers were paid, and all but the default asked a model.
    """
    settings = [{"retriever": "bm25"}, {}, *searched]
    random = np.random.default_rng(0)
    measured = []
    for at, params in enumerate(settings):
        worse = 0.56 * at / len(settings)
        rr = random.choice([1.0, 0.5, 0.2, 0.0], len(golden.questions), p=[0.7 - worse, 0.2, 0.1, worse])
        rr[0] = 1.0
        if equal:
            rr = np.ones(len(golden.questions))
        undefined = 2 if apart and at == len(settings) - 1 else 0
        usd = {"openai": {"generate": 0.001 * at, "judge": 0.002}, "anthropic": {"generate": 0.003 * at}}
        result = make_result(
            golden,
            params,
            rr,
            undefined=undefined,
            usd=usd if paid else None,
            answer_ms=100.0 + 40 * (at % 4) if paid and at != 1 else None,
        )
        baseline = {0: "bm25", 1: "default"}.get(at)
        measured.append(Measured(at, result, baseline, result if baseline else None))
    tags = {question.id: question.tags for question in golden.questions}
    decision = decide(measured, metric="objective", goal="maximize", tags=tags)
    return ReportData(
        title=title,
        sweep_id="ab12",
        decision=decision,
        measured=tuple(measured),
        swept=SWEPT,
        golden=golden,
        failures=(Failure(9, {"chunk_size": 7, "retriever": "dense"}, f"no model {EVIL}"),),
        mode=f"local: {EVIL}",
        created="2026-01-02",
        statements=tuple(statements(decision, SWEPT)),
    )
