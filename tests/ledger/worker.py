"""One process of a race: opens a ledger when it is told to, and spends what it can; prints what it saw as JSON.

usage: worker.py URL SEED BUDGET N_CALLS MODE     (MODE: spend; hold: reserve one call, say so and wait to be killed;
       open: open and close N_CALLS ledgers, one after another)
"""

from __future__ import annotations

import json
import random
import sys
import threading

from rag_sweeps.errors import CapReachedError
from rag_sweeps.ledger import Ledger
from rag_sweeps.records import Usage

CALL = {"provider": "openai", "model": "gpt-x", "purpose": "generate", "trial_id": "t", "question_id": "q"}


def spend(ledger: Ledger, seed: int, budget_usd: float, n_calls: int) -> dict[str, int]:
    """Random calls: settled below their worst case, given up billed or not; some are left open."""
    rng, seen = random.Random(seed), {"settled": 0, "billed": 0, "free": 0, "refused": 0, "open": 0}
    for _ in range(n_calls):
        worst = rng.uniform(0.0, budget_usd / 20)
        try:
            number = ledger.reserve(sweep_id="s", budget_usd=budget_usd, worst_usd=worst, **CALL)
        except CapReachedError:
            seen["refused"] += 1
            continue
        end = rng.choice(("settled", "settled", "settled", "billed", "free", "open"))
        seen[end] += 1
        if end == "settled":
            ledger.settle(number, usage=Usage("openai", "gpt-x", "generate", 10), usd=rng.uniform(0.0, worst))
        elif end != "open":
            ledger.give_up(number, reason="?", billed=end == "billed")
    return seen


def main(url: str, seed: str, budget_usd: str, n_calls: str, mode: str) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    if mode == "open":
        for number in range(int(n_calls)):
            Ledger(url.replace("NUMBER", str(number))).close()
        print("{}", flush=True)
        return
    ledger = Ledger(url)
    if mode == "hold":
        ledger.reserve(sweep_id="s", budget_usd=float(budget_usd), worst_usd=0.25, **CALL)
        print("held", flush=True)
        threading.Event().wait(120)
    print(json.dumps(spend(ledger, int(seed), float(budget_usd), int(n_calls))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
