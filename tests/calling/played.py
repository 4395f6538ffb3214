"""A chat model played by a function, and callers over it with a real ledger, real prices and a real store."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.calling.limits import Limits
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import ChatModel, no_progress
from rag_sweeps.records import Call, ChatRequest, Completion, NoReply, Purpose, Usage
from rag_sweeps.store.replies import ReplyStore

MODEL = "openai:gpt-4o-mini"
SWEEP = "sweep-1"

Play = Callable[[ChatRequest, int], str | Completion]
"""(request, number of its attempt from 1) -> what comes, or raises what a provider's model would."""


def echo(request: ChatRequest, attempt: int) -> str:
    return f"answer to {request.user}"


class PlayedModel:
    """Fits ChatModel. Counts attempts by the user text, and how many are under way at once."""

    def __init__(self, play: Play = echo, *, latency_s: float = 0.0) -> None:
        self.attempts: Counter[str] = Counter()
        self.most_at_once = 0
        self.times: list[float] = []
        self._play, self._latency_s = play, latency_s
        self._at_once = 0
        self._lock = threading.Lock()

    @property
    def n_attempts(self) -> int:
        return self.attempts.total()

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        with self._lock:
            self.attempts[request.user] += 1
            attempt = self.attempts[request.user]
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.times.append(time.monotonic())
        try:
            time.sleep(self._latency_s)
            reply = self._play(request, attempt)
            return reply if isinstance(reply, Completion) else completion(reply, request, purpose)
        finally:
            with self._lock:
                self._at_once -= 1


def completion(
    text: str, request: ChatRequest, purpose: Purpose = "generate", problem: str | None = None
) -> Completion:
    provider, _, model = request.model.partition(":")
    usage = Usage(provider, model, purpose, input_tokens=len(request.user), output_tokens=len(text), latency_s=0.25)
    return Completion(text, usage, problem)


def limits(**changed: Any) -> Limits:
    usual: dict[str, Any] = {
        "concurrency": 8,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "timeout_s": 30.0,
        "attempts": 5,
        "first_wait_s": 0.01,
    }
    return Limits(**{**usual, **changed})


def make_caller(
    model: ChatModel,
    *,
    ledger: Ledger | None = None,
    sweep_id: str = SWEEP,
    budget_usd: float | None = None,
    batch: Any = None,
    **changed: Any,
) -> ModelCaller:
    return ModelCaller(
        open_model=lambda name, base_url: model,
        ledger=ledger or Ledger(),
        prices=Prices(None),
        replies=ReplyStore(),
        limits=limits(**changed),
        sweep_id=sweep_id,
        budget_usd=budget_usd,
        batch=batch,
        first_poll_s=0.01,
    )


def call(number: int | str, *, model: str = MODEL, purpose: Purpose = "generate", **changed: Any) -> Call:
    request = ChatRequest(model=model, system="Answer.", user=f"question {number}", max_output_tokens=64, **changed)
    return Call(request, purpose, trial_id="trial", question_id=str(number))


def calls(n: int, **changed: Any) -> list[Call]:
    return [call(number, **changed) for number in range(n)]


def read(caller: ModelCaller, wanted: Iterable[Call], total: int = 0) -> Iterator[tuple[int, Completion | NoReply]]:
    return caller.complete_all(wanted, what="answering", total=total, progress=no_progress)


def outcomes(caller: ModelCaller, wanted: Iterable[Call]) -> dict[int, Completion | NoReply]:
    """All of them by position, each once."""
    found = list(read(caller, wanted))
    assert len(dict(found)) == len(found)
    return dict(found)


def replies_file(home: Path) -> Path:
    return home / "cache" / "replies.sqlite"
