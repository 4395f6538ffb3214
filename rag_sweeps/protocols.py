"""The seams: what a stage asks of an embedder, a chat model, a judge and a sink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rag_sweeps.records import Answer, Completion, Embedded, Passage, Question, Role, TrialResult, Verdict


class Embedder(Protocol):
    """Texts -> vectors. Implementations: sentence-transformers, LSA; API providers fit the same contract."""

    @property
    def identity(self) -> str:
        """Names model, revision and every setting that changes a vector; the key of the vector cache."""

    def embed(self, texts: Sequence[str], *, role: Role) -> Embedded:
        """Return one row per text, in order. Raises TrialError when the model cannot be used."""


class Generator(Protocol):
    """Question + passages -> an answer. Implementations: extractive; chat models wrapped with a prompt."""

    def answer(self, question: str, passages: Sequence[Passage]) -> Answer:
        """Answer from the passages alone; an answer that is not there is `abstained`, not an error."""


class ChatModel(Protocol):
    """The seam of the API providers."""

    def complete(self, *, system: str, user: str, schema: Mapping[str, object] | None = None) -> Completion:
        """One reply; refusals and cut replies are values with a `problem`."""


class Judge(Protocol):
    """Answers -> verdicts, for all questions of a trial at once so that a judge can batch."""

    def judge(
        self, questions: Sequence[Question], answers: Sequence[Answer], passages: Sequence[Sequence[Passage]]
    ) -> list[Verdict]:
        """One verdict per question, in order."""


class Sink(Protocol):
    """Somewhere a result is written: the local store, a W&B run, a Weave evaluation."""

    def write(self, result: TrialResult) -> None:
        """Raises TrialError when the result could not be kept."""
