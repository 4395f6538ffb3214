"""How many calls a provider is sent at once."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest

from rag_sweeps.calling.flight import Flight, HaltedError
from rag_sweeps.calling.pace import Pace


def test_calls_refused_together_halve_it_once() -> None:
    pace = Pace(64)
    began = time.monotonic()
    for _ in range(10):
        pace.refused(began=began, wait_s=0.0)
    assert pace.allowed == 32
    pace.refused(began=time.monotonic() + 1, wait_s=0.0)
    assert pace.allowed == 16


def test_it_never_falls_below_one() -> None:
    pace = Pace(4)
    for later in range(1, 6):
        pace.refused(began=time.monotonic() + later, wait_s=0.0)
    assert pace.allowed == 1


def test_it_rises_by_one_after_as_many_replies_as_it_allows() -> None:
    pace = Pace(8)
    pace.refused(began=time.monotonic(), wait_s=0.0)
    risen = []
    for _ in range(4 + 5 + 6 + 7 + 20):
        pace.replied()
        risen.append(pace.allowed)
    assert risen[:15] == [4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7]
    assert risen[-1] == 8  # and no further than it was set


def test_a_reply_ends_the_time_of_refusals() -> None:
    pace = Pace(8)
    pace.refused(began=time.monotonic() - 100, wait_s=0.0)
    assert pace.refusing_s() >= 100
    pace.replied()
    assert pace.refusing_s() == 0


def test_a_call_waits_for_a_place_and_can_be_called_off() -> None:
    pace, halted = Pace(1), Event()
    inside, leave, ended = Event(), Event(), Event()

    def first() -> None:
        with pace.slot(Flight(Event())):
            inside.set()
            leave.wait(60)

    def second() -> None:
        with pytest.raises(HaltedError), pace.slot(Flight(halted)):
            pass
        ended.set()

    threads = [Thread(target=first), Thread(target=second)]
    threads[0].start()
    assert inside.wait(60)
    threads[1].start()
    assert not ended.wait(0.1)
    halted.set()
    assert ended.wait(60)
    leave.set()
    for thread in threads:
        thread.join(60)


def test_a_call_that_was_given_up_holds_no_place() -> None:
    pace, hung = Pace(1), Flight(Event())
    with pace.slot(hung):
        hung.abandon("too long")
        with pace.slot(Flight(Event())):
            pass


def test_tokens_are_guessed_until_a_few_replies_came_and_then_follow_them() -> None:
    pace = Pace(8)
    for _ in range(4):
        pace.learn(guessed_tokens=1000, used_tokens=100)
    assert pace.expected_tokens(500) == 500
    pace.learn(guessed_tokens=1000, used_tokens=100)
    assert pace.expected_tokens(500) == 50
    assert pace.expected_tokens(1) == 1
