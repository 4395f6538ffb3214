"""What is reserved, settled, given up and read back; and that no call starts which could pass the cap."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag_sweeps.errors import CapReachedError
from rag_sweeps.ledger import CostAboveWorstCaseWarning, Ledger, Spending
from rag_sweeps.records import Purpose, Usage

Reserve = Callable[..., int]


def usage(n_tokens: int = 10, *, provider: str = "openai", purpose: Purpose = "generate") -> Usage:
    return Usage(provider, "gpt-x", purpose, n_tokens, 1, 2, 5, 3, batch=True, latency_s=0.5)


def test_a_reservation_is_held_until_it_is_settled(ledger: Ledger, reserve: Reserve) -> None:
    number = reserve(0.5)
    assert (ledger.spent("s"), ledger.held("s")) == (0.0, 0.5)
    ledger.settle(number, usage=usage(), usd=0.2)
    assert (ledger.spent("s"), ledger.held("s")) == (0.2, 0.0)


def test_the_next_call_may_reach_the_cap_and_not_pass_it(ledger: Ledger, reserve: Reserve) -> None:
    first = [reserve(0.1, budget_usd=1.0) for _ in range(9)]
    with pytest.raises(CapReachedError, match=r"budget_usd 1 is reached: 0.000000 dollars are spent and 0.900000 held"):
        reserve(0.100000001, budget_usd=1.0)
    reserve(0.1, budget_usd=1.0)  # ten times 0.1 are exactly 1
    with pytest.raises(CapReachedError, match="raise budget_usd to go on"):
        reserve(1e-9, budget_usd=1.0)
    ledger.settle(first[0], usage=usage(), usd=0.05)
    reserve(0.05, budget_usd=1.0)
    assert len(list(ledger.entries("s"))) == 11, "a call that was refused is no entry"


def test_a_fraction_of_a_nano_dollar_is_held_as_a_whole_one(ledger: Ledger, reserve: Reserve) -> None:
    reserve(1.2e-9, budget_usd=3e-9)
    assert ledger.held("s") == 2e-9
    with pytest.raises(CapReachedError):
        reserve(1.2e-9, budget_usd=3e-9)


def test_a_call_that_cannot_cost_anything_fits_under_every_cap(ledger: Ledger, reserve: Reserve) -> None:
    reserve(0.0, budget_usd=0.0)
    with pytest.warns(CostAboveWorstCaseWarning):
        ledger.settle(reserve(0.1, budget_usd=0.1), usage=usage(), usd=0.4)
    reserve(0.0, budget_usd=0.1)


def test_without_a_cap_everything_fits_and_is_recorded(ledger: Ledger, reserve: Reserve) -> None:
    for _ in range(3):
        reserve(1e6)
    assert ledger.held("s") == 3e6


def test_a_cap_larger_than_any_ledger_is_none(ledger: Ledger, reserve: Reserve) -> None:
    reserve(5.0, budget_usd=1e300)


def test_the_cap_of_one_sweep_is_not_touched_by_another(ledger: Ledger, reserve: Reserve) -> None:
    reserve(1.0, budget_usd=1.0, sweep_id="a")
    reserve(1.0, budget_usd=1.0, sweep_id="b")
    assert (ledger.held("a"), ledger.held("b"), ledger.held("never seen")) == (1.0, 1.0, 0.0)


def test_a_call_that_was_surely_not_billed_counts_nothing(ledger: Ledger, reserve: Reserve) -> None:
    ledger.give_up(reserve(0.5), reason="429", billed=False)
    assert (ledger.spent("s"), ledger.held("s")) == (0.0, 0.0)


def test_a_call_that_may_have_been_billed_counts_at_its_worst(ledger: Ledger, reserve: Reserve) -> None:
    number = reserve(0.5, budget_usd=0.5)
    ledger.give_up(number, reason="time limit", billed=True)
    assert (ledger.spent("s"), ledger.held("s")) == (0.5, 0.0)
    with pytest.raises(CapReachedError):
        reserve(0.1, budget_usd=0.5)
    (entry,) = ledger.entries("s")
    assert (entry.state, entry.reason, entry.usd) == ("given_up", "time limit", 0.5)


def test_a_call_comes_to_its_end_once(ledger: Ledger, reserve: Reserve) -> None:
    number = reserve(0.5)
    ledger.settle(number, usage=usage(), usd=0.2)
    ledger.settle(number, usage=usage(), usd=0.3)
    ledger.give_up(number, reason="late", billed=True)
    assert (ledger.spent("s"), ledger.held("s")) == (0.2, 0.0)


def test_a_reply_that_came_after_all_replaces_the_guess(ledger: Ledger, reserve: Reserve) -> None:
    number = reserve(0.5)
    ledger.give_up(number, reason="cut connection", billed=True)
    ledger.settle(number, usage=usage(), usd=0.2)
    assert (ledger.spent("s"), ledger.held("s")) == (0.2, 0.0)


def test_a_cost_above_the_worst_case_is_recorded_as_it_is_and_told(ledger: Ledger, reserve: Reserve) -> None:
    number = reserve(0.1)
    with pytest.warns(CostAboveWorstCaseWarning, match=r"openai:gpt-x cost 0.3.* dollars, and 0.1.* were held for it"):
        ledger.settle(number, usage=usage(), usd=0.3)
    assert ledger.spent("s") == 0.3


def test_a_reservation_that_is_not_there_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LookupError, match="no reservation 77"):
        ledger.settle(77, usage=usage(), usd=0.1)


def test_every_call_is_an_entry_in_order(ledger: Ledger, reserve: Reserve) -> None:
    first = reserve(0.5, trial_id="t1", question_id="q1", purpose="judge")
    ledger.settle(first, usage=usage(), usd=0.25)
    ledger.note_cached(sweep_id="s", usage=usage(), trial_id="t2", question_id="q2")
    reserve(0.125, trial_id="t3")
    settled, cached, open_now = ledger.entries("s")
    assert (settled.id, settled.trial_id, settled.question_id) == (first, "t1", "q1")
    assert settled.usage == Usage("openai", "gpt-x", "judge", 10, 1, 2, 5, 3, batch=True, latency_s=0.5)
    assert (settled.state, settled.worst_usd, settled.usd) == ("settled", 0.5, 0.25)
    assert (cached.state, cached.usd, cached.usage.from_cache, cached.usage.input_tokens) == ("cached", 0.0, True, 10)
    assert (open_now.state, open_now.worst_usd, open_now.usd) == ("reserved", 0.125, 0.0)


def test_entries_are_read_in_parts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_sweeps.ledger.book._ROWS_PER_READ", 3)
    for number in range(7):
        ledger.note_cached(sweep_id="s", usage=usage(), trial_id="t", question_id=str(number))
    assert [entry.question_id for entry in ledger.entries("s")] == [str(number) for number in range(7)]


def test_spending_stands_under_provider_and_purpose(ledger: Ledger, reserve: Reserve) -> None:
    for number in (reserve(0.5), reserve(0.5)):
        ledger.settle(number, usage=usage(), usd=0.2)
    ledger.settle(reserve(0.5, purpose="judge"), usage=usage(100), usd=0.1)
    ledger.note_cached(sweep_id="s", usage=usage(1000, purpose="judge"), trial_id="t", question_id="q")
    ledger.give_up(reserve(0.25, provider="anthropic"), reason="?", billed=True)
    reserve(0.5)
    assert ledger.by_provider("s") == {
        "anthropic": {"generate": Spending(usd=0.25, calls=1, tokens=0, cached_replies=0)},
        "openai": {
            "generate": Spending(usd=0.4, calls=2, tokens=30, cached_replies=0),
            "judge": Spending(usd=0.1, calls=1, tokens=105, cached_replies=1),
        },
    }


def test_a_ledger_is_found_again_where_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_SWEEPS_LEDGER", url)
    first = Ledger()
    first.note_cached(sweep_id="s", usage=usage(), trial_id="t", question_id="q")
    first.close()
    second = Ledger(url)
    assert len(list(second.entries("s"))) == 1
    second.close()
