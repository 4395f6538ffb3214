"""Frozen value types that flow through the pipeline, and the letters of every array shape.

Q questions, N chunks, K retrieved, E evidence spans, D vector width, T tokens, C configurations.
Offsets are characters (Unicode code points) of the source document, half-open: [start, end).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

Split = Literal["dev", "test"]
Role = Literal["query", "document"]
Purpose = Literal["embed", "generate", "judge"]

PIPELINE_VERSION = 1
"""Raised whenever the same parameters would give other numbers; part of every trial id."""

CUTOFFS = (1, 3, 5, 10, 20)
"""Ranks at which every retrieval metric is scored, whatever top_k the generator is given."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source text; `id` is its path inside the golden set, or the id its file gives it."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of document number `doc`."""

    doc: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage that answers a question, and every other place with the same text.

    The first span is the one its author pointed at; finding any of them is finding the evidence.
    """

    quote: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question; no evidence means that the corpus does not answer it."""

    id: str
    text: str
    answer: str | None
    evidence: tuple[Evidence, ...]
    tags: tuple[str, ...]
    split: Split


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """Every evidence span of the questions of one split, sorted by question, then by evidence.

    question, evidence, doc: (E,) int64; start, end: (E,) int64. `evidence` numbers the pieces of evidence
    over all questions; rows that share it are alternatives. n_evidence: (Q,) int64, 0 where unanswerable.
    """

    question: Ints
    evidence: Ints
    doc: Ints
    start: Ints
    end: Ints
    n_evidence: Ints

    @property
    def n_questions(self) -> int:
        return len(self.n_evidence)


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """doc, start, end, n_tokens: (N,) int64; the text of a chunk is document[start:end], by construction."""

    doc: Ints
    start: Ints
    end: Ints
    n_tokens: Ints

    def __len__(self) -> int:
        return len(self.doc)


@dataclass(frozen=True, slots=True)
class Ranking:
    """rows (Q, K) int64 into the chunk table, scores (Q, K) float32.

    Best first, ties by ascending row, -1 (score 0) only at the tail.
    """

    rows: Ints
    scores: Vectors


@dataclass(frozen=True, slots=True)
class Matches:
    """How a ranking meets the evidence.

    hits: (Q, K) bool, the chunk at this rank is relevant. new_evidence: (Q, K) int64, pieces of evidence that are
    first found at this rank. n_evidence: (Q,) int64. retrieved_chars: (Q, K) int64, length of each chunk, 0 where
    nothing was retrieved. evidence_chars: (Q,) int64, length of all the evidence of a question.
    covered_chars: cutoff -> (Q,) int64, characters of evidence that the chunks above the cutoff cover, each once.
    """

    hits: Bools
    new_evidence: Ints
    n_evidence: Ints
    retrieved_chars: Ints
    evidence_chars: Ints
    covered_chars: Mapping[int, Ints]


@dataclass(frozen=True, slots=True)
class Embedded:
    """What an embedder returns for n texts.

    vectors (n, D) float32; truncated (n,) bool, inputs the model cut; n_tokens (n,) int64 as the model counts
    them; seconds (n,) float64 of computing, as first measured: a vector from the cache keeps its cost.
    """

    vectors: Vectors
    truncated: Bools
    n_tokens: Ints
    seconds: Floats


@dataclass(frozen=True, slots=True)
class Usage:
    """What one provider was asked for, as the provider reported it."""

    provider: str
    model: str
    purpose: Purpose
    input_tokens: int
    cached_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply of a chat model; `problem` says why there is no usable text."""

    text: str
    usage: Usage
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk as a generator and a judge see it."""

    document: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is empty where the generator found no answer in the passages (`abstained`)."""

    text: str
    abstained: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """score in [0, 1], or None for unscored, which is not zero. parts: what the score was made of, by metric name."""

    score: float | None
    reason: str
    judge_version: str
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over n questions with its confidence bounds; NaN bounds and n = 0 where nothing is defined."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """Where one retrieved chunk lies, and whether it counts as relevant."""

    doc: int
    start: int
    end: int
    score: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """What happened to one question of a trial."""

    question_id: str
    passages: tuple[RetrievedPassage, ...]
    answer: Answer | None
    verdict: Verdict | None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class TrialCosts:
    """What this configuration costs in use, and what measuring it took; local models cost 0 dollars.

    usd: provider -> purpose -> dollars. Seconds are as first measured, also where a cache served them.
    """

    usd: Mapping[str, Mapping[str, float]]
    usd_to_index: float
    usd_per_1k_questions: float
    embed_tokens: int
    embed_seconds: float
    index_build_seconds: float
    index_bytes: int
    search_ms_p50: float
    search_ms_p95: float
    context_tokens_per_question: float


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Everything sinks and reports read of one trial on one split.

    per_question: metric -> (Q,) float64, NaN where the metric is not defined for the question (retrieval
    metrics of an unanswerable one) or was not scored. metrics: the same names -> mean with interval and n.
    """

    trial_id: str
    split: Split
    params: Mapping[str, object]
    golden_digest: str
    question_ids: tuple[str, ...]
    per_question: Mapping[str, Floats]
    metrics: Mapping[str, Interval]
    questions: tuple[QuestionRecord, ...]
    costs: TrialCosts
    n_chunks: int
    truncated_share: float
    index_recall: float | None
    n_failed: int
    n_unscored: int
    stage_seconds: Mapping[str, float]
    environment: Mapping[str, str]
