"""Many processes on one ledger: it opens for all of them, its cap holds, and kill -9 leaves what was held."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag_sweeps.errors import CapReachedError
from rag_sweeps.ledger import Ledger
from rag_sweeps.ledger.nano_dollars import nearest_nano
from rag_sweeps.records import Usage

WORKER = Path(__file__).with_name("worker.py")
N_PROCESSES = 8
TIMEOUT_S = 120
CALL = {"provider": "openai", "model": "gpt-x", "purpose": "generate", "trial_id": "t", "question_id": "q"}


def start(
    url: str, *, seed: int, budget_usd: float = 1.0, n_calls: int = 0, mode: str = "spend"
) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), url, str(seed), str(budget_usd), str(n_calls), mode]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def race(workers: Sequence[subprocess.Popen[str]]) -> list[dict[str, int]]:
    """Let all workers go at once; what each of them saw."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    seen = []
    for worker in workers:
        out, err = worker.communicate(timeout=TIMEOUT_S)
        assert worker.returncode == 0, err
        seen.append(json.loads(out))
    return seen


def add_up(ledger: Ledger) -> tuple[int, int]:
    """(spent, held) in nano-dollars, from the entries alone."""
    entries = list(ledger.entries("s"))
    spent = sum(nearest_nano(entry.usd) for entry in entries)
    return spent, sum(nearest_nano(entry.worst_usd) for entry in entries if entry.state == "reserved")


def test_the_cap_holds_where_many_processes_spend_at_once(url: str) -> None:
    seen = race([start(url, seed=seed, n_calls=30) for seed in range(N_PROCESSES)])
    ledger = Ledger(url)
    spent, held = add_up(ledger)
    assert spent + held <= 10**9
    assert spent + held > 0.9 * 10**9, "the race must come near its cap to be one"
    assert (nearest_nano(ledger.spent("s")), nearest_nano(ledger.held("s"))) == (spent, held)
    assert sum(each["refused"] for each in seen) > 0
    states = [entry.state for entry in ledger.entries("s")]
    assert states.count("settled") == sum(each["settled"] for each in seen)
    assert states.count("reserved") == sum(each["open"] for each in seen)
    assert ledger.by_provider("s")["openai"]["generate"].calls == len(states) - states.count("reserved")
    ledger.close()


def test_a_new_file_opens_for_many_processes_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger-NUMBER.sqlite"
    assert race([start(url, seed=seed, n_calls=12, mode="open") for seed in range(N_PROCESSES)]) == [{}] * N_PROCESSES
    assert len(list(tmp_path.glob("*.sqlite"))) == 12


def test_a_killed_process_leaves_its_reservation_at_the_worst_case(url: str) -> None:
    worker = start(url, seed=0, budget_usd=0.5, mode="hold")
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()
    assert [worker.stdout.readline() for _ in range(2)] == ["ready\n", "held\n"]
    worker.kill()
    worker.communicate(timeout=TIMEOUT_S)
    ledger = Ledger(url)
    assert (ledger.spent("s"), ledger.held("s")) == (0.0, 0.25)
    with pytest.raises(CapReachedError):
        ledger.reserve(sweep_id="s", budget_usd=0.5, worst_usd=0.3, **CALL)
    ledger.reserve(sweep_id="s", budget_usd=0.5, worst_usd=0.25, **CALL)
    ledger.close()


def test_threads_of_one_process_share_a_ledger(ledger: Ledger) -> None:
    refused = []

    def spend(worst_usd: float) -> None:
        for _ in range(15):
            try:
                number = ledger.reserve(sweep_id="s", budget_usd=0.5, worst_usd=worst_usd, **CALL)
                ledger.settle(number, usage=Usage("openai", "gpt-x", "generate", 1), usd=worst_usd)
            except CapReachedError:
                refused.append(worst_usd)

    threads = [threading.Thread(target=spend, args=(0.01 * number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    spent, held = add_up(ledger)
    assert 0.42 * 10**9 < spent <= 0.5 * 10**9
    assert held == 0
    assert refused


def test_a_forked_child_does_not_speak_through_its_parents_connections(ledger: Ledger) -> None:
    ledger.reserve(sweep_id="s", budget_usd=None, worst_usd=0.1, **CALL)
    child = multiprocessing.get_context("fork").Process(
        target=ledger.reserve, kwargs={"sweep_id": "s", "budget_usd": None, "worst_usd": 0.1, **CALL}
    )
    child.start()
    child.join(TIMEOUT_S)
    assert child.exitcode == 0
    ledger.reserve(sweep_id="s", budget_usd=None, worst_usd=0.1, **CALL)
    assert ledger.held("s") == pytest.approx(0.3)
