"""The seams: what a stage asks of an embedder, a chat model, a judge and a sink."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from rag_sweeps.records import (
    Answer,
    Call,
    ChatRequest,
    Completion,
    Embedded,
    Floats,
    Ints,
    Look,
    NoReply,
    Passage,
    Purpose,
    Question,
    Role,
    TrialResult,
    Usage,
    Vectors,
    Verdict,
)

Progress = Callable[[str, int, int], None]
"""Told (what is being done, how many are done, how many there are) while a stage works."""


def no_progress(what: str, done: int, total: int) -> None:
    """A Progress for work that nobody watches."""


UnitVectors = Callable[[Sequence[str], Role], Vectors]
"""Texts -> (n, D) vectors of length 1 from one fixed model: the ruler of similarity between texts."""


class Embedder(Protocol):
    """Texts -> vectors. Implementations: sentence-transformers, LSA; API providers fit the same contract."""

    @property
    def identity(self) -> str:
        """Names model, revision and every setting that changes a vector; the key of the vector cache."""

    @property
    def usage_provider(self) -> str:
        """Who is paid for the tokens; `local` costs nothing."""

    def embed(self, texts: Sequence[str], *, role: Role) -> Iterator[Embedded]:
        """Batches of rows, together one row per text, in order. Raises TrialError when the model cannot be used."""


class Generator(Protocol):
    """Questions + passages -> answers, all questions at once so that a provider can batch or work in parallel."""

    def answer(self, questions: Sequence[Question], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        """One answer per question, from its passages alone; not finding one is `abstained`, not an error."""


class ChatModel(Protocol):
    """One provider's chat API, one call at a time, without retries of its own."""

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        """One attempt. A refusal, a cut, filtered or empty reply is a value with a `problem`.

        Raises ProviderBusyError (429, overload; carries what the provider asked to wait), ProviderFaultError (500s,
        time limits, cut connections, replies that are not what the API promises), InputError (wrong key, unknown
        model) and TrialError (a request the provider will never accept).
        """


class EmbeddingModel(Protocol):
    """One provider's embeddings API, one call at a time, without retries of its own."""

    def embed_batch(self, texts: Sequence[str]) -> tuple[Vectors, Usage]:
        """(n, D) vectors in the order of the texts; one attempt, the errors of `ChatModel`."""


BatchState = Literal["running", "ended", "failed"]


class BatchModel(Protocol):
    """One provider's batch API: half the price, results within hours. The errors of `ChatModel`."""

    def submit(self, calls: Mapping[str, ChatRequest]) -> str:
        """Custom id -> request; returns the id of the batch."""

    def state(self, batch_id: str) -> BatchState:
        """`ended` has results, perhaps not for all calls; `failed` was refused as a whole and has none."""

    def results(self, batch_id: str, purpose: Purpose) -> Iterator[tuple[str, Completion | NoReply]]:
        """(custom id, outcome) in any order; a call that the provider lost is left out."""

    def cancel(self, batch_id: str) -> None:
        """Ask for an early end; what was answered by then is billed and stays in the results."""


class Caller(Protocol):
    """Many calls, each priced, paced, retried and stored: what the stages that ask a model are given."""

    def complete_all(
        self, calls: Iterable[Call], *, what: str, total: int, progress: Progress
    ) -> Iterator[tuple[int, Completion | NoReply]]:
        """(position in `calls`, outcome) in the order they finish; `calls` is read only as far as it is needed.

        Raises CapReachedError where the next call could pass the sweep's cap, after the calls in flight are settled.
        """

    def embedder(self, model: str, *, trial_id: str) -> Embedder:
        """The embedder of a provider's model, its calls priced, paced and retried in the same way."""


class Judge(Protocol):
    """Answers -> verdicts, for all questions of a trial at once."""

    def judge(
        self, questions: Sequence[Question], answers: Sequence[Answer], passages: Sequence[Sequence[Passage]]
    ) -> list[Verdict | None]:
        """One verdict per question, in order; None where there is nothing to judge against."""


class Race(Protocol):
    """Decides after each block of questions whether a trial goes on."""

    @property
    def blocks(self) -> Sequence[Ints]:
        """Positions of the questions, block by block; together every question once."""

    def look(self, per_question: Mapping[str, Floats]) -> Look:
        """Judge what is scored so far: metric -> (Q,), NaN where a question was not reached."""


class Sink(Protocol):
    """Somewhere a result is written: the local store, a W&B run, a Weave evaluation."""

    def write(self, result: TrialResult) -> None:
        """Raises TrialError when the result could not be kept."""
