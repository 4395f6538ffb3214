"""What a reader of `complete_all` may rely on."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Iterator

import pytest
from conftest import wait_until
from scale import at_scale

from calling.played import MODEL, SWEEP, PlayedModel, call, calls, completion, make_caller, outcomes, read
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.records import Call, ChatRequest, Completion, NoReply
from rag_sweeps.store.replies import ReplyStore


def test_every_call_has_one_outcome_at_its_position() -> None:
    found = outcomes(make_caller(PlayedModel()), calls(30))
    assert {at: reply.text for at, reply in found.items() if isinstance(reply, Completion)} == {
        at: f"answer to question {at}" for at in range(30)
    }


def test_outcomes_come_as_they_finish() -> None:
    first_may_go = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 0":
            assert first_may_go.wait(60)
        return "yes"

    order = []
    for at, _ in read(make_caller(PlayedModel(play)), calls(4)):
        order.append(at)
        if len(order) == 3:
            first_may_go.set()
    assert order[-1] == 0


def test_a_stored_reply_costs_nothing_and_keeps_its_counts() -> None:
    model, ledger = PlayedModel(), Ledger()
    first = outcomes(make_caller(model, ledger=ledger), calls(3))
    spent = ledger.spent(SWEEP)
    again = outcomes(make_caller(model, ledger=ledger, budget_usd=spent), calls(3))
    assert model.n_attempts == 3
    assert ledger.spent(SWEEP) == pytest.approx(spent)
    for at in range(3):
        paid, stored = first[at], again[at]
        assert isinstance(paid, Completion)
        assert isinstance(stored, Completion)
        assert stored.usage.from_cache
        assert not paid.usage.from_cache
        assert (stored.text, stored.usage.latency_s) == (paid.text, 0.25)
        assert stored.usage.output_tokens == paid.usage.output_tokens > 0
    assert [entry.state for entry in ledger.entries(SWEEP)].count("cached") == 3


def test_the_request_alone_decides_what_is_stored() -> None:
    model = PlayedModel()
    outcomes(make_caller(model), [call(1)])
    elsewhere = Call(call(1).request, "judge", trial_id="another", question_id="q")
    outcomes(make_caller(model, sweep_id="another"), [elsewhere])
    assert model.n_attempts == 1
    outcomes(make_caller(model), [call(1, repeat=1)])
    assert model.n_attempts == 2


def test_equal_requests_in_flight_are_one_call() -> None:
    model, ledger = PlayedModel(latency_s=0.2), Ledger()
    found = outcomes(make_caller(model, ledger=ledger), [call("same") for _ in range(6)])
    assert model.n_attempts == 1
    assert sum(reply.usage.from_cache for reply in found.values() if isinstance(reply, Completion)) == 5
    assert sorted(entry.state for entry in ledger.entries(SWEEP)) == ["cached"] * 5 + ["settled"]


def test_equal_requests_of_two_readers_are_one_call() -> None:
    model = PlayedModel(latency_s=0.3)
    found: list[dict[int, Completion | NoReply]] = []
    readers = [threading.Thread(target=lambda: found.append(outcomes(make_caller(model), calls(4)))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert model.n_attempts == 4
    assert all(len(one) == 4 for one in found)
    assert len(found) == 3


def test_a_reply_with_a_problem_is_stored_too() -> None:
    model = PlayedModel(lambda request, attempt: completion("", request, problem="refused"))
    for _ in range(2):
        (reply,) = outcomes(make_caller(model), [call(1)]).values()
        assert isinstance(reply, Completion)
        assert reply.problem == "refused"
    assert model.n_attempts == 1


def test_no_more_calls_are_read_than_may_be_in_flight() -> None:
    n_read = n_handed_over = most_ahead = 0

    def counted() -> Iterator[Call]:
        nonlocal n_read, most_ahead
        for one in calls(60):
            n_read += 1
            most_ahead = max(most_ahead, n_read - n_handed_over)
            yield one

    model = PlayedModel(latency_s=0.002)
    for _ in read(make_caller(model, concurrency=5), counted()):
        n_handed_over += 1
    assert most_ahead <= 5
    assert model.most_at_once <= 5


def test_calls_may_come_from_the_outcomes_of_other_calls() -> None:
    """A judge that reads its calls from the answers as they come."""
    model = PlayedModel(latency_s=0.002)
    caller = make_caller(model, concurrency=3)

    def of_answers() -> Iterator[Call]:
        for _, answer in read(caller, calls(20)):
            assert isinstance(answer, Completion)
            yield call(f"judge {answer.text}", purpose="judge")

    assert len(outcomes(caller, of_answers())) == 20
    assert model.n_attempts == 40


def test_a_call_runs_in_the_context_of_its_reader() -> None:
    traced: contextvars.ContextVar[str] = contextvars.ContextVar("traced", default="")
    seen = []

    def play(request: ChatRequest, attempt: int) -> str:
        seen.append(traced.get())
        traced.set("inside")
        return "yes"

    traced.set("the reader's")
    outcomes(make_caller(PlayedModel(play)), calls(3))
    assert seen == ["the reader's"] * 3
    assert traced.get() == "the reader's"


def test_progress_is_told_of_each_outcome() -> None:
    told = []
    caller = make_caller(PlayedModel())
    outcome = caller.complete_all(calls(3), what="judging", total=3, progress=lambda *told_of: told.append(told_of))
    assert len(list(outcome)) == 3
    assert told == [("judging", done, 3) for done in range(4)]


def test_the_ledger_has_what_each_reply_costs() -> None:
    ledger = Ledger()
    found = outcomes(make_caller(PlayedModel(), ledger=ledger), calls(5))
    expected = sum(Prices(None).usd(reply.usage) for reply in found.values() if isinstance(reply, Completion))
    assert ledger.spent(SWEEP) == pytest.approx(expected)
    assert ledger.spent(SWEEP) > 0
    assert ledger.held(SWEEP) == 0
    entry = next(iter(ledger.entries(SWEEP)))
    assert (entry.trial_id, entry.question_id, entry.usage.model) == ("trial", "0", MODEL.partition(":")[2])


def test_closing_ends_within_seconds_and_counts_the_worst() -> None:
    hangs = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user != "question 0":
            hangs.wait(60)
        return "yes"

    ledger = Ledger()
    reading = read(make_caller(PlayedModel(play), ledger=ledger, concurrency=4), calls(100))
    assert next(reading)[0] == 0
    wait_until(lambda: sum(entry.state == "reserved" for entry in ledger.entries(SWEEP)) >= 3, "three are in flight")
    began = time.monotonic()
    reading.close()  # type: ignore[attr-defined]  # a generator
    assert time.monotonic() - began < 30
    assert ledger.held(SWEEP) == 0
    worst = Prices(None).worst_usd(call(1).request, batch=False)
    given_up = [entry for entry in ledger.entries(SWEEP) if entry.state == "given_up"]
    assert [entry.usd for entry in given_up] == [pytest.approx(worst)] * len(given_up)
    assert 3 <= len(given_up) <= 4
    hangs.set()


def test_a_reply_that_comes_after_closing_is_kept_and_settled() -> None:
    goes_on = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 1":
            goes_on.wait(60)
        return "yes"

    ledger = Ledger()
    model = PlayedModel(play)
    reading = read(make_caller(model, ledger=ledger, concurrency=2), calls(2))
    assert next(reading)[0] == 0
    wait_until(lambda: model.n_attempts == 2, "both calls are in flight")
    reading.close()  # type: ignore[attr-defined]  # a generator
    assert [entry.state for entry in ledger.entries(SWEEP)] == ["settled", "given_up"]
    goes_on.set()
    wait_until(lambda: all(entry.state == "settled" for entry in ledger.entries(SWEEP)), "the late reply is settled")
    assert ReplyStore().get(call(1).key) is not None


def test_a_call_that_hangs_past_its_own_limit_is_no_reply() -> None:
    hangs = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user in ("question 1", "question 2"):
            hangs.wait(120)
        return "yes"

    ledger = Ledger()
    caller = make_caller(PlayedModel(play), ledger=ledger, timeout_s=0.001, concurrency=2)
    found = outcomes(caller, calls(4))
    assert [at for at, reply in sorted(found.items()) if isinstance(reply, NoReply)] == [1, 2]
    assert ledger.held(SWEEP) == 0
    hangs.set()


def test_memory_stays_flat_over_many_calls() -> None:
    n = at_scale(2_000, 20_000)
    caller = make_caller(PlayedModel(), concurrency=16)
    reading = read(caller, (call(number) for number in range(n)))
    for _ in range(n // 2):
        next(reading)
    before = _resident_bytes()
    n_left = sum(1 for _ in reading)
    grown = _resident_bytes() - before
    print(f"\n{n} calls: {before / 1e6:.0f} MB after half of them, {grown / 1e6:+.1f} MB after all")
    assert n_left == n - n // 2
    assert grown < 30e6


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        pytest.skip("needs /proc")
