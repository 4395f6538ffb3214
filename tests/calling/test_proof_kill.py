"""kill -9 at any moment: the same command goes on, and at most the calls in flight are paid again."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from conftest import wait_until
from loopback.providers.server import ProviderServer
from scale import at_scale

from calling.played import SWEEP
from calling.worker import PRICES, Worker
from rag_sweeps.ledger import Ledger

N_QUESTIONS = at_scale(120, 500)
N_KILLS = at_scale(3, 20)
CONCURRENCY = 8


def test_at_most_the_calls_in_flight_are_paid_again(server: ProviderServer, home: Path) -> None:
    server.exchange.latency_s = 0.05
    randomly = random.Random(7)
    job = {
        "home": str(home),
        "sweep_id": SWEEP,
        "budget_usd": None,
        "questions": [f"Question number {number}?" for number in range(N_QUESTIONS)],
        "params": {"concurrency": CONCURRENCY},
    }
    for _ in range(N_KILLS):
        with Worker(server.environment()) as worker:
            worker.start(**job)
            n_more = len(server.log) + randomly.randrange(1, N_QUESTIONS // N_KILLS)
            wait_until(lambda wanted=n_more: len(server.log) >= wanted, "so many requests came")  # type: ignore[misc]
    with Worker(server.environment()) as worker:
        worker.start(**job)
        found = worker.result()

    paid = Counter(seen.user for seen in server.log if seen.billed)
    n_again = paid.total() - N_QUESTIONS
    entries = list(Ledger().entries(SWEEP))
    n_open = sum(entry.state == "reserved" for entry in entries)
    print(f"\n{N_KILLS} kills of {N_QUESTIONS} questions, {CONCURRENCY} in flight: {n_again} paid again")
    print(f"billed {server.usd(PRICES):.6f} dollars; ledger {Ledger().spent(SWEEP):.6f} spent, {n_open} held for dead")
    assert found == {"n_replies": N_QUESTIONS, "failures": {}, "end": "done"}
    assert len(paid) == N_QUESTIONS
    assert 0 <= n_again <= N_KILLS * CONCURRENCY
    assert n_open <= N_KILLS * CONCURRENCY
    assert Ledger().spent(SWEEP) + Ledger().held(SWEEP) >= server.usd(PRICES) - 1e-9
    settled = sum(entry.usd for entry in entries if entry.state == "settled")
    assert settled == pytest.approx(Ledger().spent(SWEEP))
