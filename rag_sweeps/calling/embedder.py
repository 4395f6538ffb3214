"""Texts -> vectors of a provider's model: cut, batched, several batches at once, paid and retried. Fits Embedder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from rag_sweeps.calling.attempts import Attempt, Attempts
from rag_sweeps.calling.crew import Crew
from rag_sweeps.calling.cutting import cut, max_tokens
from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.limits import GRACE_S, Limits
from rag_sweeps.errors import TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import EmbeddingModel
from rag_sweeps.records import Embedded, Floats, Ints, NoReply, Role, Usage, Vectors
from rag_sweeps.store.files import digest_of

MAX_BATCH_TEXTS = 256
MAX_BATCH_BYTES = 300_000
"""About 100,000 tokens of usual text, and never more than the 300,000 tokens that OpenAI takes at once."""

BYTES_PER_TOKEN = 4

Reply = tuple[Vectors, Usage]


class ApiEmbedder:
    """Fits protocols.Embedder, for one trial. Vectors are cached by who calls `embed`, not here."""

    def __init__(
        self,
        *,
        model: str,
        base_url: str,
        open_model: Callable[[str, str], EmbeddingModel],
        ledger: Ledger,
        prices: Prices,
        limits: Limits,
        sweep_id: str,
        budget_usd: float | None,
        trial_id: str,
    ) -> None:
        self._model = model
        self._base_url = base_url
        self._open_model = open_model
        self._prices = prices
        self._limits = limits
        self._trial_id = trial_id
        self._attempts = Attempts(
            ledger=ledger, usd_of=prices.usd, limits=limits, sweep_id=sweep_id, budget_usd=budget_usd
        )

    @property
    def identity(self) -> str:
        return f"api:{self._model}@{self._base_url or ''}"

    @property
    def usage_provider(self) -> str:
        return self._model.partition(":")[0]

    def embed(self, texts: Sequence[str], *, role: Role) -> Iterator[Embedded]:
        """Batches in order, up to `concurrency` of them under way. The role changes nothing with these models.

        Raises TrialError for a batch that did not come, CapReachedError and InputError; always after the batches
        before it are handed over.
        """
        limit = max_tokens(self._model)
        kept = [cut(text, limit) for text in texts]
        batches = list(batch_bounds(kept))
        crew: Crew[Reply | NoReply] = Crew(overdue_s=self._limits.overdue_s)
        ready: dict[int, Reply] = {}
        failure: BaseException | None = None
        n_started = n_yielded = 0
        try:
            while n_yielded < len(batches):
                while failure is None and n_started < len(batches) and n_started - n_yielded < self._limits.concurrency:
                    start, end = batches[n_started]
                    crew.start(n_started, partial(self._complete, kept[start:end]))
                    n_started += 1
                ended = crew.ended(wait=True) if len(crew) > 0 else None
                if ended is not None and ended.value is not None and not isinstance(ended.value, NoReply):
                    ready[ended.position] = ended.value
                elif ended is not None:
                    reason = ended.overdue or getattr(ended.value, "reason", "halted")
                    failure = failure or ended.error or TrialError(f"{self._model} did not embed: {reason}")
                    crew.halted.set()
                while n_yielded in ready:
                    start, end = batches[n_yielded]
                    cut_short = [kept[at] != texts[at] for at in range(start, end)]
                    yield _embedded(ready.pop(n_yielded), kept[start:end], cut_short)
                    n_yielded += 1
                if failure is not None and len(crew) == 0:
                    raise failure
        finally:
            crew.close(GRACE_S)

    def _complete(self, texts: Sequence[str], flight: Flight) -> Reply | NoReply:
        model = self._open_model(self._model, self._base_url)
        provider, _, name = self._model.partition(":")
        attempt: Attempt[Reply] = Attempt(
            make=lambda: _checked(model.embed_batch(texts), len(texts)),
            usage_of=lambda reply: reply[1],
            keep=lambda reply: None,
            worst_usd=self._prices.worst_embedding_usd(self._model, texts),
            guessed_tokens=sum(map(len, texts)) // BYTES_PER_TOKEN + len(texts),
            provider=provider,
            model=name,
            purpose="embed",
            trial_id=self._trial_id,
            question_id="",
            key=digest_of([self._model, *texts]),
        )
        return self._attempts.until_reply(attempt, flight)


def batch_bounds(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """[start, end) of batches that are as large as a request may be."""
    start = n_bytes = 0
    for at, text in enumerate(texts):
        size = len(text.encode("utf-8", "surrogatepass"))
        if at > start and (at - start == MAX_BATCH_TEXTS or n_bytes + size > MAX_BATCH_BYTES):
            yield start, at
            start, n_bytes = at, 0
        n_bytes += size
    if start < len(texts):
        yield start, len(texts)


def apportion(total: int, weights: Floats) -> Ints:
    """Whole numbers that sum to the total, each within 1 of its share (largest remainders; ties to the first)."""
    shares = total * weights / weights.sum()
    whole: Ints = np.floor(shares).astype(np.int64)
    missing = total - int(whole.sum())
    whole[np.argsort(whole - shares, kind="stable")[:missing]] += 1
    return whole


def _checked(reply: Reply, n_texts: int) -> Reply:
    if len(reply[0]) != n_texts:
        raise TrialError(f"{len(reply[0])} vectors came for {n_texts} texts")
    return reply


def _embedded(reply: Reply, texts: Sequence[str], truncated: Sequence[bool]) -> Embedded:
    """Providers count the tokens and the time of a batch only; texts share both by their length."""
    vectors, usage = reply
    weights = np.array([max(1, len(text.encode("utf-8", "surrogatepass"))) for text in texts], dtype=np.float64)
    return Embedded(
        vectors=np.asarray(vectors, dtype=np.float32),
        truncated=np.array(truncated, dtype=bool),
        n_tokens=apportion(usage.input_tokens, weights),
        seconds=usage.latency_s * weights / weights.sum(),
    )
