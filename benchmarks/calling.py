"""The caller at work: how near it comes to what a provider's latency allows, and its memory over 20,000 calls.

Both go through the real ledger, prices and store. The throughput goes through the real OpenAI client to a server on the
loopback that answers after 200 ms; beside it the same client on plain threads, without ledger, prices and store.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.provider_process import provider_process
from benchmarks.verdicts import Line, conclude
from rag_sweeps.calling import Limits, ModelCaller
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import ChatModel, no_progress
from rag_sweeps.providers.models import open_chat_model
from rag_sweeps.records import Call, ChatRequest, Completion, Purpose, Usage
from rag_sweeps.store.replies import ReplyStore

MODEL = "openai:gpt-4o-mini"
CONCURRENCY = 64
LATENCY_S = 0.2
ROUNDS = 40
N_CALLS = 20_000
LEAST_SHARE = 0.9
MOST_GROWTH_MB = 20.0


@dataclass(frozen=True, slots=True)
class Taken:
    """seconds on the wall, and of this process's processor."""

    seconds: float
    processor_s: float


class InstantModel:
    """Fits ChatModel; answers at once."""

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        usage = Usage("openai", "gpt-4o-mini", purpose, input_tokens=20, output_tokens=20)
        return Completion("an answer of some length " * 4, usage)


def main() -> int:
    n = CONCURRENCY * ROUNDS
    with in_a_home_of_its_own(), provider_process(latency_s=LATENCY_S):
        model = open_chat_model(MODEL, timeout_s=60.0)
        for call in some_calls(1, "first"):
            model.complete(call.request, call.purpose)
        plain = timed(lambda: on_plain_threads(model, n))
        ours = timed(lambda: through_caller(model, n))
    with in_a_home_of_its_own():
        early_mb, late_mb = memory_mb()
    allowed = CONCURRENCY / LATENCY_S
    share = n / ours.seconds / allowed
    plain_share = n / plain.seconds / allowed
    grown = late_mb - early_mb
    lines = [
        Line(
            "calls a second, of what the latency allows",
            f"{share:.1%}",
            f">= {LEAST_SHARE:.0%}",
            share >= LEAST_SHARE,
            binding=False,
        ),
        Line("  the same client on plain threads", f"{plain_share:.1%}"),
        Line("processor time of a call", f"{ours.processor_s / n * 1e3:.2f} ms"),
        Line("  of it the client's own", f"{plain.processor_s / n * 1e3:.2f} ms"),
        Line(
            f"memory after {N_CALLS} calls, beside {N_CALLS // 10}",
            f"{late_mb:.0f} MB ({grown:+.1f})",
            f"< +{MOST_GROWTH_MB:.0f} MB",
            grown < MOST_GROWTH_MB,
        ),
    ]
    return conclude(f"calling: {n} calls, {CONCURRENCY} at once, a provider that takes {LATENCY_S * 1e3:.0f} ms", lines)


class in_a_home_of_its_own:  # noqa: N801  # a context manager
    """RAG_SWEEPS_HOME in a temporary folder."""

    def __enter__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        os.environ["RAG_SWEEPS_HOME"] = str(Path(self._folder.name) / "home")

    def __exit__(self, *raised: object) -> None:
        del os.environ["RAG_SWEEPS_HOME"]
        self._folder.cleanup()


def timed(work: Callable[[], object]) -> Taken:
    began, worked = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - began, time.process_time() - worked)


def some_calls(n: int, kind: str) -> Iterator[Call]:
    for number in range(n):
        request = ChatRequest(MODEL, "Answer briefly.", f"{kind} question {number}", max_output_tokens=200)
        yield Call(request, "generate", trial_id="trial", question_id=str(number))


def on_plain_threads(model: ChatModel, n: int) -> None:
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        for _ in threads.map(lambda call: model.complete(call.request, call.purpose), some_calls(n, "plain")):
            pass


def through_caller(model: ChatModel, n: int) -> None:
    for _ in reading(model, n):
        pass


def reading(model: ChatModel, n: int) -> Iterator[object]:
    caller = ModelCaller(
        open_model=lambda name, base_url: model,
        ledger=Ledger(),
        prices=Prices(None),
        replies=ReplyStore(),
        limits=Limits(CONCURRENCY, None, None, timeout_s=60.0, attempts=5),
        sweep_id="benchmark",
        budget_usd=100.0,
    )
    return caller.complete_all(some_calls(n, "our"), what="answering", total=n, progress=no_progress)


def memory_mb() -> tuple[float, float]:
    """Resident memory after a tenth of the calls, and after all."""
    early = 0.0
    for done, _ in enumerate(reading(InstantModel(), N_CALLS), start=1):
        if done == N_CALLS // 10:
            early = resident_mb()
    return early, resident_mb()


def resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
