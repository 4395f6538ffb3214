"""Batches: one per model and purpose, found again after any end of the process, half the price, never paid twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import wait_until
from loopback.providers.server import ProviderServer

from calling.played import SWEEP, PlayedModel, call, calls, completion, make_caller, outcomes, read
from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.errors import CapReachedError, InputError, ProviderBusyError, ProviderFaultError, TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import BatchModel, BatchState
from rag_sweeps.providers.models import open_batch_model
from rag_sweeps.records import ChatRequest, Completion, NoReply, Purpose

CLAUDE = "anthropic:claude-haiku-4-5"
WORST = Prices(None).worst_usd(call(0).request, batch=True)

KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from calling.played import calls, make_caller, outcomes
from rag_sweeps.providers.models import open_batch_model
outcomes(make_caller(None, batch=lambda model: open_batch_model(model, timeout_s=30.0)), calls(6))
"""


def batching(**changed: object) -> ModelCaller:
    return make_caller(PlayedModel(), batch=lambda model: open_batch_model(model, timeout_s=30.0), **changed)  # type: ignore[arg-type]


def of_sweep(home: Path, sweep_id: str = SWEEP) -> list[Path]:
    return list((home / "batches" / sweep_id).glob("*.json"))


class PlayedBatches:
    """Fits BatchModel. Ends after some polls; errors are raised once each, in order."""

    def __init__(self, *, polls: int = 0, errors: Mapping[str, list[Exception]] | None = None) -> None:
        self.submitted: list[dict[str, ChatRequest]] = []
        self.cancelled: list[str] = []
        self.verdict: BatchState = "ended"
        self.lost: set[str] = set()
        self._polls = polls
        self._errors = {name: list(found) for name, found in (errors or {}).items()}

    def submit(self, wanted: Mapping[str, ChatRequest]) -> str:
        self._raise("submit")
        self.submitted.append(dict(wanted))
        return str(len(self.submitted) - 1)

    def state(self, batch_id: str) -> BatchState:
        self._raise("state")
        self._polls -= 1
        return "running" if self._polls >= 0 else self.verdict

    def results(self, batch_id: str, purpose: Purpose) -> Iterator[tuple[str, Completion | NoReply]]:
        self._raise("results")
        for key, request in self.submitted[int(batch_id)].items():
            if key not in self.lost:
                yield key, completion("yes", request, purpose)

    def cancel(self, batch_id: str) -> None:
        self.cancelled.append(batch_id)

    def _raise(self, name: str) -> None:
        if self._errors.get(name):
            raise self._errors[name].pop(0)


def playing(batches: BatchModel, **changed: object) -> ModelCaller:
    return make_caller(PlayedModel(), batch=lambda model: batches, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["openai:gpt-4o-mini", CLAUDE])
def test_a_batch_of_the_real_clients_is_paid_at_half_the_price(server: ProviderServer, home: Path, model: str) -> None:
    ledger = Ledger()
    found = outcomes(batching(ledger=ledger), calls(5, model=model))
    replies = [reply for reply in found.values() if isinstance(reply, Completion)]
    assert [reply.usage.batch for reply in replies] == [True] * 5
    assert found[3].text == "heard: question 3"  # type: ignore[union-attr]
    full = sum(Prices(None).usd(reply.usage) for reply in replies)
    assert ledger.spent(SWEEP) == pytest.approx(full)
    assert server.billed(batch=True)[model.partition(":")[2]].requests == 5
    assert server.billed() == {}
    assert of_sweep(home) == []
    again = outcomes(batching(ledger=ledger), calls(5, model=model))
    assert all(reply.usage.from_cache for reply in again.values() if isinstance(reply, Completion))
    assert ledger.spent(SWEEP) == pytest.approx(full)


def test_a_panel_has_one_batch_for_each_model_and_hits_come_first(server: ProviderServer) -> None:
    outcomes(batching(), calls(2))
    mixed = [call(number, model=name) for number in range(4) for name in ("openai:gpt-4o-mini", CLAUDE)]
    order = [at for at, _ in read(batching(), mixed)]
    assert order[:2] == [0, 2]
    assert sorted(order) == list(range(8))
    assert server.billed(batch=True)["gpt-4o-mini"].requests == 4


def test_a_model_without_a_batch_api_is_asked_call_by_call(server: ProviderServer, tmp_path: Path) -> None:
    model = PlayedModel()
    caller = make_caller(model, batch=lambda name: None)
    assert len(outcomes(caller, calls(3))) == 3
    assert model.n_attempts == 3


def test_calls_that_the_batch_did_not_answer_are_no_replies(server: ProviderServer) -> None:
    server.faults.add("batch_expired", 2)
    ledger = Ledger()
    found = outcomes(batching(ledger=ledger), calls(5))
    assert sum(isinstance(reply, NoReply) for reply in found.values()) == 2
    assert [entry.usd for entry in ledger.entries(SWEEP) if entry.state == "given_up"] == [0.0, 0.0]
    assert ledger.held(SWEEP) == 0


def test_a_batch_that_fails_as_a_whole_costs_nothing(server: ProviderServer, home: Path) -> None:
    server.batches.refuse_next = True
    ledger = Ledger()
    found = outcomes(batching(ledger=ledger), calls(5))
    assert all(isinstance(reply, NoReply) for reply in found.values())
    assert ledger.spent(SWEEP) == ledger.held(SWEEP) == 0
    assert of_sweep(home) == []


def test_the_same_command_finds_its_batch_again_after_a_kill(server: ProviderServer, home: Path) -> None:
    server.batches.polls = 10**9
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(Path(__file__).parent.parent)])
    try:
        wait_until(lambda: any(b'"batch_id":"' in path.read_bytes() for path in of_sweep(home)), "it is submitted")
    finally:
        process.kill()
        process.wait(60)
    for batch in server.batches._batches.values():
        batch.polls = 0
    server.batches.polls = 0
    ledger = Ledger()
    assert ledger.held(SWEEP) == pytest.approx(6 * WORST)
    found = outcomes(batching(ledger=ledger), calls(8))
    assert sum(isinstance(reply, Completion) for reply in found.values()) == 8
    assert server.billed(batch=True)["gpt-4o-mini"].requests == 8
    assert len(server.batches._batches) == 2
    assert ledger.held(SWEEP) == 0
    assert of_sweep(home) == []


def test_a_process_killed_while_it_submits_counts_the_worst_and_submits_again(home: Path) -> None:
    class Dies(PlayedBatches):
        def submit(self, wanted: Mapping[str, ChatRequest]) -> str:
            raise KeyboardInterrupt  # as near to kill -9 as one process comes: nothing is cleaned up after it

    ledger = Ledger()
    with pytest.raises(KeyboardInterrupt):
        outcomes(playing(Dies(), ledger=ledger), calls(3))
    assert len(of_sweep(home)) == 1
    batches = PlayedBatches()
    assert len(outcomes(playing(batches, ledger=ledger), calls(3))) == 3
    assert [entry.state for entry in ledger.entries(SWEEP)] == ["given_up"] * 3 + ["settled"] * 3
    assert [entry.usd for entry in ledger.entries(SWEEP)][:3] == [pytest.approx(WORST)] * 3


def test_the_batch_of_another_sweep_is_not_touched(home: Path) -> None:
    waiting = PlayedBatches(polls=1)
    waiting._errors["state"] = [InputError("stop here")]
    with pytest.raises(InputError):
        outcomes(playing(waiting, sweep_id="another"), calls(3))
    (theirs,) = of_sweep(home, "another")
    before = theirs.read_bytes()
    mine = PlayedBatches()
    assert len(outcomes(playing(mine), calls(3))) == 3
    assert len(mine.submitted) == 1
    assert theirs.read_bytes() == before
    assert waiting.cancelled == []


def test_replies_that_another_trial_waits_for_are_stored_too() -> None:
    """A worker that is killed leaves a batch; another trial wants some of its replies and stores them all."""
    batches = PlayedBatches(errors={"state": [InputError("stop here")]})
    with pytest.raises(InputError, match=r"stop here; if batch 0 is gone, delete .*json to ask anew"):
        outcomes(playing(batches), calls(6))
    assert len(outcomes(playing(batches), calls(2))) == 2
    assert len(outcomes(playing(batches), calls(6))) == 6
    assert len(batches.submitted) == 1


def test_two_workers_that_want_the_same_replies_wait_for_one_batch() -> None:
    batches, ledger = PlayedBatches(polls=5), Ledger()
    found: list[dict[int, Completion | NoReply]] = []
    workers = [
        threading.Thread(target=lambda: found.append(outcomes(playing(batches, ledger=ledger), calls(4))))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [len(one) for one in found] == [4, 4, 4]
    assert len(batches.submitted) == 1
    assert [entry.state for entry in ledger.entries(SWEEP)].count("settled") == 4


def test_equal_requests_are_one_entry_of_the_batch() -> None:
    batches = PlayedBatches()
    found = outcomes(playing(batches), [call("same")] * 3)
    assert [len(wanted) for wanted in batches.submitted] == [1]
    assert sorted(reply.usage.from_cache for reply in found.values()) == [False, True, True]  # type: ignore[union-attr]


def test_a_batch_that_does_not_fit_under_the_cap_is_not_submitted() -> None:
    batches, ledger = PlayedBatches(), Ledger()
    with pytest.raises(CapReachedError):
        outcomes(playing(batches, ledger=ledger, budget_usd=2.5 * WORST), calls(3))
    assert batches.submitted == []
    assert ledger.spent(SWEEP) == ledger.held(SWEEP) == 0


def test_a_provider_that_stumbles_is_asked_again() -> None:
    stumbles: list[Exception] = [ProviderBusyError("429", retry_after_s=0.01), ProviderFaultError("500", billed=False)]
    cut: list[Exception] = [ProviderFaultError("cut")]
    batches = PlayedBatches(polls=1, errors={"submit": stumbles, "state": cut, "results": cut})
    found = outcomes(playing(batches), calls(3))
    assert all(isinstance(reply, Completion) for reply in found.values())
    assert len(batches.submitted) == 1


def test_a_submission_that_may_have_arrived_is_not_made_twice() -> None:
    batches, ledger = PlayedBatches(errors={"submit": [ProviderFaultError("timed out", billed=True)]}), Ledger()
    found = outcomes(playing(batches, ledger=ledger), calls(3))
    assert found[0] == NoReply("its batch was not accepted: timed out")
    assert ledger.spent(SWEEP) == pytest.approx(3 * WORST)
    assert batches.submitted == []


def test_a_reply_that_the_provider_lost_may_be_billed() -> None:
    batches, ledger = PlayedBatches(), Ledger()
    batches.lost = {call(1).key}
    found = outcomes(playing(batches, ledger=ledger), calls(3))
    assert isinstance(found[1], NoReply)
    assert [entry.usd for entry in ledger.entries(SWEEP) if entry.state == "given_up"] == [pytest.approx(WORST)]


def test_twenty_calls_without_any_reply_end_the_trial() -> None:
    batches = PlayedBatches()
    batches.verdict = "failed"
    with pytest.raises(TrialError, match="none of the first 30 calls"):
        outcomes(playing(batches), calls(30))
