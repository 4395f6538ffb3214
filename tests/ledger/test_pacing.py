"""Turns: limits per minute hold over all workers; a worker is told how long to wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag_sweeps.ledger import Ledger

NEAR = 20.0
"""Seconds that a slow machine may take between two turns of one test."""


def turn(ledger: Ledger, provider: str = "openai", *, tokens: int = 0, **limits: int | None) -> float:
    both = {"requests_per_minute": None, "tokens_per_minute": None, **limits}
    return ledger.turn(provider, tokens=tokens, **both)


def test_without_limits_nobody_waits(ledger: Ledger) -> None:
    assert [turn(ledger, tokens=10**9) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_requests_are_spread_over_the_minute(ledger: Ledger) -> None:
    waits = [turn(ledger, requests_per_minute=1) for _ in range(4)]
    assert waits[0] == 0.0
    assert waits == [pytest.approx(60.0 * position, abs=NEAR) for position in range(4)]


def test_a_large_call_takes_its_share_of_the_minutes_tokens(ledger: Ledger) -> None:
    waits = [turn(ledger, tokens=tokens, tokens_per_minute=1000) for tokens in (5000, 1000, 1)]
    assert waits == [0.0, pytest.approx(300.0, abs=NEAR), pytest.approx(360.0, abs=NEAR)]


def test_the_stricter_limit_decides(ledger: Ledger) -> None:
    limits = {"requests_per_minute": 1, "tokens_per_minute": 1000}
    waits = [turn(ledger, tokens=tokens, **limits) for tokens in (3000, 10, 10)]
    assert waits == [0.0, pytest.approx(180.0, abs=NEAR), pytest.approx(240.0, abs=NEAR)]


def test_each_provider_has_limits_of_its_own(ledger: Ledger) -> None:
    assert turn(ledger, "openai", requests_per_minute=1) == turn(ledger, "anthropic", requests_per_minute=1) == 0.0


def test_workers_share_the_turns(url: str) -> None:
    ledgers = [Ledger(url) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        waits = sorted(pool.map(lambda number: turn(ledgers[number % 2], requests_per_minute=1), range(8)))
    assert waits == [pytest.approx(60.0 * position, abs=NEAR) for position in range(8)]
    for each in ledgers:
        each.close()


def test_a_clock_that_was_set_back_leaves_nobody_waiting(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/l.sqlite")
    for now, wait in ((10_000.0, 0.0), (10_001.0, 59.0), (5_000.0, 0.0), (5_001.0, 59.0)):
        monkeypatch.setattr("rag_sweeps.ledger.pacing.time.time", lambda now=now: now)
        assert turn(ledger, requests_per_minute=1) == wait
    ledger.close()
