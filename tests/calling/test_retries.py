"""What is tried again, how often and when, what it counts in the ledger, and what ends a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import pytest
from conftest import wait_until

from calling.played import MODEL, SWEEP, PlayedModel, call, calls, completion, make_caller, outcomes, read
from rag_sweeps.calling.caller import ModelCaller
from rag_sweeps.errors import (
    CapReachedError,
    InputError,
    ProviderBusyError,
    ProviderFaultError,
    RagSweepsError,
    TrialError,
)
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.records import Call, ChatRequest, Completion, NoReply

WORST = Prices(None).worst_usd(call(0).request, batch=False)


def fails(n: int, error: Exception, *, only: str = "") -> PlayedModel:
    """A model whose first n attempts of each call (or of one) raise this."""

    def play(request: ChatRequest, attempt: int) -> str:
        if attempt <= n and only in request.user:
            raise error
        return "yes"

    return PlayedModel(play)


def until_error(
    caller: ModelCaller, wanted: Iterable[Call]
) -> tuple[list[tuple[int, Completion | NoReply]], Exception]:
    """What was handed over, and the error that came after it."""
    found: list[tuple[int, Completion | NoReply]] = []
    try:
        found.extend(read(caller, wanted))  # what came before the error stays
    except RagSweepsError as error:
        return found, error
    raise AssertionError("nothing was raised")


def test_a_fault_is_tried_again_up_to_the_limit() -> None:
    model = fails(2, ProviderFaultError("500", billed=False))
    (reply,) = outcomes(make_caller(model, attempts=3), [call(0)]).values()
    assert isinstance(reply, Completion)
    assert model.n_attempts == 3

    model = fails(9, ProviderFaultError("500", billed=False))
    (reply,) = outcomes(make_caller(model, attempts=3), [call(1)]).values()
    assert reply == NoReply("500 (attempt 3 of 3)")
    assert model.n_attempts == 3


def test_a_fault_that_may_be_billed_counts_at_its_worst_and_every_attempt_reserves_anew() -> None:
    ledger = Ledger()
    outcomes(make_caller(fails(2, ProviderFaultError("cut", billed=True)), ledger=ledger), [call(0)])
    states = [(entry.state, entry.usd) for entry in ledger.entries(SWEEP)]
    assert states[:2] == [("given_up", pytest.approx(WORST))] * 2
    assert states[2][0] == "settled"
    assert ledger.held(SWEEP) == 0


def test_a_fault_that_is_not_billed_costs_nothing() -> None:
    ledger = Ledger()
    outcomes(make_caller(fails(9, ProviderFaultError("500", billed=False)), ledger=ledger, attempts=2), [call(0)])
    assert [entry.state for entry in ledger.entries(SWEEP)] == ["given_up"] * 2
    assert ledger.spent(SWEEP) == ledger.held(SWEEP) == 0


def test_a_request_that_is_never_accepted_is_not_tried_again() -> None:
    model, ledger = fails(9, TrialError("the prompt is too long")), Ledger()
    assert outcomes(make_caller(model, ledger=ledger), [call(0)]) == {0: NoReply("the prompt is too long")}
    assert model.n_attempts == 1
    assert ledger.spent(SWEEP) == 0


def test_a_busy_provider_is_left_alone_until_the_time_it_asked_for() -> None:
    began_again: list[float] = []
    refused_at: list[float] = []

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 0" and attempt == 1:
            refused_at.append(time.monotonic())
            raise ProviderBusyError("429", retry_after_s=0.5)
        if refused_at:
            began_again.append(time.monotonic())
        return "yes"

    ledger = Ledger()
    found = outcomes(make_caller(PlayedModel(play), ledger=ledger, concurrency=1), calls(4))
    assert all(isinstance(reply, Completion) for reply in found.values())
    assert min(began_again) - refused_at[0] >= 0.5
    assert [entry.state for entry in ledger.entries(SWEEP)].count("given_up") == 1
    assert sum(entry.usd for entry in ledger.entries(SWEEP) if entry.state == "given_up") == 0


def test_refusals_do_not_use_up_the_attempts() -> None:
    (reply,) = outcomes(make_caller(fails(7, ProviderBusyError("429")), attempts=2), [call(0)]).values()
    assert isinstance(reply, Completion)


def test_a_pause_that_is_too_long_is_no_reply() -> None:
    began = time.monotonic()
    model = fails(9, ProviderBusyError("429", retry_after_s=3600.0))
    (reply,) = outcomes(make_caller(model), [call(0)]).values()
    assert isinstance(reply, NoReply)
    assert "3600 s" in reply.reason
    assert time.monotonic() - began < 60
    assert model.n_attempts == 1


def test_a_provider_that_only_refuses_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_sweeps.calling.attempts.MAX_WAIT_S", 0.5)
    model = fails(10**6, ProviderBusyError("429", retry_after_s=0.02))
    found = outcomes(make_caller(model), calls(5))
    assert len(found) == 5
    assert all(isinstance(reply, NoReply) for reply in found.values())


def test_a_storm_of_refusals_lowers_concurrency_and_every_call_is_answered() -> None:
    """The provider takes three at once; the caller would send sixteen."""
    at_once, lock = 0, threading.Lock()

    def play(request: ChatRequest, attempt: int) -> str:
        nonlocal at_once
        with lock:
            at_once += 1
            too_many = at_once > 3
        try:
            if too_many:
                raise ProviderBusyError("429", retry_after_s=0.01)
            time.sleep(0.005)
            return "yes"
        finally:
            with lock:
                at_once -= 1

    model = PlayedModel(play)
    found = outcomes(make_caller(model, concurrency=16), calls(100))
    assert sum(isinstance(reply, Completion) for reply in found.values()) == 100
    print(f"\n{model.n_attempts} attempts for 100 calls against a provider that takes 3 of 16 at once")
    assert model.n_attempts < 300


def test_a_wrong_key_ends_the_run_after_what_is_in_flight() -> None:
    both_sent, goes_on = threading.Barrier(2), threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        both_sent.wait(60)
        if request.user == "question 1":
            goes_on.set()
            raise InputError("the key is wrong")
        assert goes_on.wait(60)
        time.sleep(0.2)
        return "yes"

    model, ledger = PlayedModel(play), Ledger()
    reading = read(make_caller(model, ledger=ledger, concurrency=2), calls(50))
    assert next(reading)[0] == 0
    with pytest.raises(InputError, match="the key is wrong"):
        list(reading)
    assert model.n_attempts == 2
    assert ledger.held(SWEEP) == 0


def test_a_model_without_a_price_is_not_called() -> None:
    model = PlayedModel()
    with pytest.raises(InputError, match="no price"):
        list(read(make_caller(model), calls(3, model="openai:no-such-model")))
    assert model.n_attempts == 0


def test_the_cap_starts_no_more_calls_and_hands_over_what_was_paid() -> None:
    model, ledger = PlayedModel(latency_s=0.02), Ledger()
    caller = make_caller(model, ledger=ledger, budget_usd=6.5 * WORST, concurrency=4)
    found, error = until_error(caller, calls(1000))
    assert isinstance(error, CapReachedError)
    assert all(isinstance(reply, Completion) for _, reply in found)
    assert len(found) == model.n_attempts >= 4
    assert ledger.spent(SWEEP) <= 6.5 * WORST
    assert ledger.held(SWEEP) == 0
    n_more = len(found) + 10
    assert len(outcomes(make_caller(model, ledger=ledger), calls(n_more))) == n_more  # a higher cap pays the rest alone
    assert model.n_attempts == n_more


def test_a_call_that_only_open_ones_keep_out_waits_for_them_instead_of_ending_the_run() -> None:
    model, ledger = PlayedModel(latency_s=0.05), Ledger()
    # Room for the worst case of two calls at once, and for what all of them really cost.
    caller = make_caller(model, ledger=ledger, budget_usd=2.5 * WORST, concurrency=4)
    assert len(outcomes(caller, calls(4))) == 4
    assert ledger.spent(SWEEP) <= 2.5 * WORST


def test_a_cap_of_zero_makes_no_call() -> None:
    model = PlayedModel()
    with pytest.raises(CapReachedError):
        list(read(make_caller(model, budget_usd=0.0), calls(3)))
    assert model.n_attempts == 0


def test_an_error_of_the_calls_themselves_comes_after_what_is_in_flight() -> None:
    model = PlayedModel(latency_s=0.2)

    def broken() -> Iterator[Call]:
        yield from calls(3)
        wait_until(lambda: model.n_attempts == 3, "three calls are in flight")
        raise CapReachedError("of an earlier stage")

    ledger = Ledger()
    found, error = until_error(make_caller(model, ledger=ledger), broken())
    assert str(error) == "of an earlier stage"
    assert len(found) == 3
    assert [entry.state for entry in ledger.entries(SWEEP)] == ["settled"] * 3


def test_twenty_calls_without_any_reply_end_the_trial() -> None:
    model = fails(9, TrialError("no such endpoint"))
    found, error = until_error(make_caller(model, concurrency=4), calls(500))
    assert isinstance(error, TrialError)
    assert "calls had a reply; the last one: no such endpoint" in str(error)
    assert 20 <= model.n_attempts <= 23
    assert len(found) == model.n_attempts


def test_nineteen_failures_and_a_success_go_on() -> None:
    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 19":
            return "yes"
        raise TrialError("no")

    found = outcomes(make_caller(PlayedModel(play), concurrency=1), calls(60))
    assert sum(isinstance(reply, NoReply) for reply in found.values()) == 59


def test_a_success_still_in_flight_at_the_twentieth_failure_goes_on() -> None:
    twenty_failed = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 0":
            assert twenty_failed.wait(60)
            return "slow, and right"
        raise TrialError("no")

    reading = read(make_caller(PlayedModel(play), concurrency=4), calls(60))
    n_failed = n_good = 0
    for _, reply in reading:
        n_failed += isinstance(reply, NoReply)
        n_good += isinstance(reply, Completion)
        if n_failed == 20:
            twenty_failed.set()
    assert (n_failed, n_good) == (59, 1)


def test_equal_requests_count_as_one_failure() -> None:
    model = fails(10**6, TrialError("no"))
    found = outcomes(make_caller(model), [call("same") for _ in range(50)])
    assert set(found.values()) == {NoReply("no")}


def test_a_stored_reply_shows_that_the_setup_works() -> None:
    """A trial that had replies before goes on as it did, with those questions failing that fail every time."""
    outcomes(make_caller(PlayedModel()), [call(0)])
    found = outcomes(make_caller(fails(9, TrialError("no"))), calls(40))
    assert sum(isinstance(reply, NoReply) for reply in found.values()) == 39


def test_the_rate_is_kept_and_nearly_reached() -> None:
    model = PlayedModel(lambda request, attempt: completion("yes", request))
    n, per_minute = 40, 1200
    outcomes(make_caller(model, requests_per_minute=per_minute), calls(n))
    taken = max(model.times) - min(model.times)
    ideal = (n - 1) * 60 / per_minute
    print(f"\n{n} calls at {per_minute} a minute took {taken:.2f} s; {ideal:.2f} s is ideal")
    assert taken >= 0.9 * ideal
    assert taken < 5 * ideal + 5


def test_the_tokens_of_a_turn_are_learnt_from_replies() -> None:
    """Every call may write 64 tokens and writes 1: a limit of tokens soon lets more through than the worst case."""
    asked_for: list[int] = []

    class Watched(Ledger):
        def turn(self, provider: str, *, tokens: int, **limits: int | None) -> float:  # type: ignore[override]
            asked_for.append(tokens)
            return 0.0

    model = PlayedModel(lambda request, attempt: "y")
    outcomes(make_caller(model, ledger=Watched(), tokens_per_minute=1000, concurrency=1), calls(20))
    assert asked_for[0] == 64 + len("Answer.question 0") // 4
    assert asked_for[-1] == pytest.approx(len("question 0") + 1, abs=2)  # what PlayedModel says that a call took


def test_providers_are_paced_apart() -> None:
    """One provider that refuses does not hold up another."""

    def play(request: ChatRequest, attempt: int) -> str:
        if request.model == MODEL and attempt <= 1:
            raise ProviderBusyError("429", retry_after_s=2.0)
        return "yes"

    model = PlayedModel(play)
    mixed = [call(number, model=name) for number in range(6) for name in (MODEL, "anthropic:claude-haiku-4-5")]
    order = [at for at, _ in read(make_caller(model, concurrency=12), mixed)]
    assert {at % 2 for at in order[:6]} == {1}
    assert len(order) == 12


def test_no_further_attempt_is_made_once_the_run_has_to_end() -> None:
    """One call waits to be tried again while another finds that the key is wrong."""
    first_failed = threading.Event()

    def play(request: ChatRequest, attempt: int) -> str:
        if request.user == "question 0":
            first_failed.set()
            raise ProviderFaultError("500", billed=False)
        assert first_failed.wait(60)
        raise InputError("the key is wrong")

    model = PlayedModel(play)
    with pytest.raises(InputError):
        list(read(make_caller(model, first_wait_s=4.0), calls(2)))
    assert model.attempts == {"question 0": 1, "question 1": 1}
