"""The cap under fire: many workers, replies of any length, failures and retries; the bill never passes the cap."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from loopback.providers.seen import bill_usd
from loopback.providers.server import ProviderServer
from scale import at_scale

from calling.worker import MODEL, PRICES, Worker
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.records import ChatRequest

N_RUNS = at_scale(2, 100)
"""Twice so many: with and without faults that are billed."""
N_WORKERS = at_scale(3, 8)
N_QUESTIONS = 12
"""Of each worker, each run."""


def rambling(model: str, system: str, user: str) -> str:
    """From one word to more than may be written."""
    n_words = int.from_bytes(hashlib.sha256(user.encode()).digest()[:2], "big") % 120
    return "word " * (n_words + 1)


@pytest.fixture
def workers(server: ProviderServer) -> Iterator[list[Worker]]:
    server.exchange.reply = rambling
    with ExitStack() as started:
        yield [started.enter_context(Worker(server.environment())) for _ in range(N_WORKERS)]


@pytest.mark.parametrize("billed_faults", [False, True], ids=["ledger-equals-bill", "with-billed-faults"])
def test_the_bill_never_passes_the_cap(
    server: ProviderServer, workers: list[Worker], tmp_path: Path, billed_faults: bool
) -> None:
    worst = Prices(None).worst_usd(ChatRequest(MODEL, "Answer.", "run 100 worker 1: 10?", 100), batch=False)
    n_stopped = 0
    nearest = 0.0
    for number in range(N_RUNS):
        randomly = random.Random(f"{number} {billed_faults}")
        cap = worst * N_WORKERS * N_QUESTIONS * randomly.uniform(0.05, 0.6)
        server.faults.clear()
        server.faults.add("429", share=0.1 * randomly.random(), seed=number, retry_after="0.02")
        server.faults.add("500", share=0.2 * randomly.random(), seed=number)
        if billed_faults:
            server.faults.add("malformed", share=0.2 * randomly.random(), seed=number)
            server.faults.add("cut", share=0.1 * randomly.random(), seed=number)
        home, before = tmp_path / f"home-{number}", len(server.log)
        for at, worker in enumerate(workers):
            worker.start(
                home=str(home),
                sweep_id="capped",
                budget_usd=cap,
                questions=[f"run {number} worker {at}: {question}?" for question in range(N_QUESTIONS)],
                params={"concurrency": randomly.randrange(1, 9), "request_attempts": 4},
            )
        results = [worker.result() for worker in workers]
        ledger = Ledger(f"sqlite:///{home / 'ledger.sqlite'}")
        bill = bill_usd(server.log[before:], PRICES)
        spent = ledger.spent("capped")
        assert bill <= cap + 1e-12
        assert spent <= cap + 1e-12
        assert ledger.held("capped") == 0
        if billed_faults:
            assert spent >= bill - 1e-9
        else:
            assert spent == pytest.approx(bill, abs=1e-6)
        assert {result["end"] for result in results} <= {"done", "CapReachedError"}
        n_stopped += sum(result["end"] == "CapReachedError" for result in results)
        nearest = max(nearest, bill / cap)
        ledger.close()
    print(f"\n{N_RUNS} runs of {N_WORKERS} workers: {n_stopped} stopped by the cap; bill at most {nearest:.1%} of it")
    assert n_stopped > 0
