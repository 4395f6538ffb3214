"""A provider at its worst: every question ends, every failure stands in the ledger, nothing is paid twice."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from loopback.providers.seen import Seen, bill_usd
from loopback.providers.server import ProviderServer
from scale import at_scale

from calling.played import SWEEP
from calling.worker import PRICES, run
from rag_sweeps.ledger import Ledger

N_QUESTIONS = at_scale(200, 1000)
PER_MINUTE = at_scale(2400, 1200)
WITH_REPLY = ("", "refusal", "length", "content_filter", "empty")
"""Faults after which there still is a reply that can be settled."""


def until_all_were_sent(log: list[Seen]) -> tuple[int, float]:
    """(requests, seconds) until the last question came for the first time; what follows are the last retries."""
    firsts: dict[str, float] = {}
    for seen in log:
        firsts.setdefault(seen.user, seen.time)
    last = max(firsts.values())
    return sum(seen.time <= last for seen in log), last - min(firsts.values())


def test_a_provider_at_its_worst(server: ProviderServer, home: object) -> None:
    faults = server.faults
    faults.add("429", at_scale(12, 40), retry_after="0.2")  # a storm at the start
    for seed, (kind, share) in enumerate(
        [
            ("429", 0.03),
            ("500", 0.05),
            ("502", 0.02),
            ("overloaded", 0.02),
            ("cut", 0.02),
            ("malformed", 0.02),
            ("not_json", 0.01),
            ("wrong_types", 0.02),
            ("no_usage", 0.01),
            ("refusal", 0.02),
            ("length", 0.02),
            ("400", 0.02),
        ]
    ):
        faults.add(kind, share=share, seed=seed, retry_after="0.1" if kind == "429" else None)  # type: ignore[arg-type]
    faults.add("stall", share=0.01, seed=99, seconds=60.0)
    server.exchange.latency_s = 0.05

    began = time.monotonic()
    found = run(
        {
            "home": str(home),
            "sweep_id": SWEEP,
            "budget_usd": None,
            "questions": [f"Question number {number}?" for number in range(N_QUESTIONS)],
            "params": {"concurrency": 16, "requests_per_minute": PER_MINUTE, "request_timeout_s": 5.0},
        }
    )
    taken_s = time.monotonic() - began

    log, entries = server.log, list(Ledger().entries(SWEEP))
    sent = [entry for entry in entries if entry.reason != "not sent"]
    settled = [entry for entry in entries if entry.state == "settled"]
    n_sent, sent_s = until_all_were_sent(log)
    share = n_sent / sent_s * 60 / PER_MINUTE
    struck = Counter(seen.fault for seen in log if seen.fault)
    print(f"\n{N_QUESTIONS} questions, {len(log)} requests in {taken_s:.1f} s")
    print(f"{n_sent} of them in the {sent_s:.1f} s until every question was sent: {share:.0%} of {PER_MINUTE} a minute")
    print(f"faults: {dict(struck)}; {found['n_replies']} replies, {len(found['failures'])} without")
    print(f"billed {server.usd(PRICES):.6f} dollars, ledger {Ledger().spent(SWEEP):.6f}, its worst cases among them")

    assert found["end"] == "done"
    assert found["n_replies"] + len(found["failures"]) == N_QUESTIONS
    assert len(log) == len(sent)
    refused = {seen.user for seen in log if seen.fault == "400"}
    assert len(found["failures"]) >= len(refused) > 0
    # Every failure is an entry, and those that may be billed count at their worst.
    n_broken = sum(seen.billed and seen.fault not in WITH_REPLY for seen in log)
    assert sum(entry.state == "given_up" and entry.usd > 0 for entry in entries) >= n_broken > 0
    assert {entry.state for entry in entries} == {"settled", "given_up"}
    assert Ledger().held(SWEEP) == 0
    # Nothing is paid twice: one usable reply for each question, and the ledger has its price to the cent.
    usable = [seen for seen in log if seen.billed and seen.fault in WITH_REPLY]
    assert max(Counter(seen.user for seen in usable).values()) == 1
    assert len(settled) == len(usable) == found["n_replies"]
    assert sum(entry.usd for entry in settled) == pytest.approx(bill_usd(usable, PRICES), abs=1e-6)
    assert Ledger().spent(SWEEP) >= server.usd(PRICES) - 1e-9
    assert share <= 1.1
    assert share >= at_scale(0.8 / 5, 0.8)
