"""Frozen value types that flow through the pipeline, and the letters of every array shape.

Q questions, N chunks, K retrieved, E evidence spans, D vector width, T tokens, C configurations.
Offsets are characters (Unicode code points) of the source document, half-open: [start, end).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
RaceReason = Literal["goes on", "first", "proven worse", "forecast not to win"]

PIPELINE_VERSION = 2
"""Raised whenever the same parameters would give other numbers; part of every trial id."""

CUTOFFS = (1, 3, 5, 10, 20)
"""Ranks at which every retrieval metric is scored, whatever top_k the generator is given."""

CURVE_DEPTH = 20
"""Every cutoff up to here is scored on average, so that one trial tells what another top_k would have brought."""


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
    """What one call took, as the provider reported it.

    input_tokens: all of them; cached_tokens and cache_write_tokens are the part that was read from and written to the
    provider's prompt cache. output_tokens: all of them, reasoning_tokens among them. batch: billed at the price of a
    batch API. from_cache: the reply came from this program's own store; the counts are those of the call it made then.
    """

    provider: str
    model: str
    purpose: Purpose
    input_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    batch: bool = False
    latency_s: float = 0.0
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything that decides a reply, and nothing else: two equal requests are one call.

    model: as a config names it, `openai:<model>`. schema: JSON schema the reply has to follow, where the provider can
    enforce one. settings: temperature, reasoning effort, the address of a compatible server. repeat: 0, or the number
    of another draw of the same question.
    """

    model: str
    system: str
    user: str
    max_output_tokens: int
    schema: Mapping[str, object] | None = None
    settings: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply of a chat model; `problem` says why its text cannot be used: refused, cut, filtered, empty."""

    text: str
    usage: Usage
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a stage wants it. key: what the reply is stored under, decided by the request alone."""

    request: ChatRequest
    purpose: Purpose
    trial_id: str
    question_id: str

    @property
    def key(self) -> str:
        return request_key(self.request)


def request_key(request: ChatRequest) -> str:
    """SHA-256 (hex) of the canonical JSON of a request."""
    text = json.dumps(asdict(request), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NoReply:
    """A call that did not come, after all its attempts, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply as it is kept with an answer or a verdict; `key` finds request and reply in the store."""

    key: str
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
    """`text` is empty where the generator found no answer in the passages (`abstained`).

    problem: why there is no usable answer. citations: ranks (from 1) of the passages that the answer cites and that
    it was given; n_wrong_citations: those it cites and was not given. n_cut_passages: retrieved passages that did not
    fit into the limit of the context; context_tokens: what it was given. replies: of the model, none
    without one.
    """

    text: str
    abstained: bool
    problem: str | None = None
    citations: tuple[int, ...] = ()
    n_wrong_citations: int = 0
    n_cut_passages: int = 0
    context_tokens: int | None = None
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """score in [0, 1], or None for unscored, which is not zero. parts: what the score was made of, by metric name.

    replies: of the judging models, none without.
    """

    score: float | None
    reason: str
    judge_version: str
    parts: Mapping[str, float]
    replies: tuple[Reply, ...] = ()


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
class Look:
    """What one look of a race saw: mean_difference is the candidate less the incumbent over n questions.

    low, high: interval of the difference over all questions, valid at every look of the sweep together.
    evidence: against being as good as the incumbent; 1 / evidence is a p-value at any time. chance: forecast of ending
    ahead by more than chance. NaN where there was no incumbent.
    """

    keep_going: bool
    reason: RaceReason
    mean_difference: float
    low: float
    high: float
    evidence: float
    chance: float
    n: int


@dataclass(frozen=True, slots=True)
class TrialCosts:
    """What this configuration costs in use; what a sweep was billed stands in its ledger and is another number.

    usd: provider -> purpose -> dollars at the full price of every call, cached or not; local models cost 0.
    usd_per_1k_questions leaves out the judge. answer_ms: None where no model was asked. Seconds are as first measured,
    also where a cache served them.
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
    answer_ms_p50: float | None = None
    answer_ms_p95: float | None = None


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Everything sinks and reports read of one trial on one split.

    per_question: metric -> (Q,) float64, NaN where the metric is not defined for the question (retrieval
    metrics of an unanswerable one) or was not scored. metrics: the same names -> mean with interval and n.
    curves: retriever -> metric family -> mean at the cutoffs 1 to CURVE_DEPTH, for every ranking that was searched on
    the way (a hybrid one searches three). looks: of the race, none without one; pruned: it was dropped, and only the
    questions up to the last look have answers.
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
    curves: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    pruned: bool = False
