"""Racing drops what loses, keeps the best as often as it says, and never looks ahead."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples

from rag_sweeps.racing import MOST_EVIDENCE, SHARES, Race, RaceRule, question_order

NAN = math.nan
PROOF = RaceRule(forecast=0.0)


def in_order(n: int) -> np.ndarray:
    return np.arange(n)


def test_the_order_is_the_same_for_a_seed_and_golden_set_and_no_other() -> None:
    ids = [f"q{at}" for at in range(30)]
    order = question_order(ids, 1, golden_digest="a")
    assert sorted(order.tolist()) == list(range(30))
    assert order.tolist() == question_order(ids, 1, golden_digest="a").tolist()
    assert order.tolist() != question_order(ids, 2, golden_digest="a").tolist()
    assert order.tolist() != question_order(ids, 1, golden_digest="b").tolist()


def test_a_question_more_leaves_the_order_of_the_others() -> None:
    ids = [f"q{at}" for at in range(20)]
    before = [ids[at] for at in question_order(ids, 0)]
    more = ["new", *ids]
    assert [more[at] for at in question_order(more, 0) if more[at] != "new"] == before


def test_the_first_configuration_is_never_dropped() -> None:
    look = Race(RaceRule(), None, in_order(50), 10).look(np.zeros(50))
    assert look.keep_going
    assert look.reason == "first"


def test_a_hopeless_one_is_dropped_at_the_first_look() -> None:
    race = Race(RaceRule(block=10, first_look=15), np.ones(100), in_order(100), 20)
    assert race.next_look(0) == 15
    look = race.look(np.zeros(15))
    assert not look.keep_going
    assert look.mean_difference == -1
    assert look.high < 0


def test_a_better_one_is_never_dropped() -> None:
    race = Race(RaceRule(), np.full(100, 0.5), in_order(100), 20)
    n = race.next_look(0)
    while n < 100:
        look = race.look(np.full(n, 0.8))
        assert look.keep_going
        assert look.evidence == 1.0
        assert look.low <= 0.3 <= look.high
        n = race.next_look(n)


def test_looks_are_a_block_apart_and_end_with_the_questions() -> None:
    race = Race(RaceRule(block=30, first_look=20), np.full(100, 0.5), in_order(100), 5)
    looks = [0]
    while looks[-1] < 100:
        looks.append(race.next_look(looks[-1]))
    assert looks == [0, 30, 60, 90, 100]


def test_scores_are_compared_with_the_incumbents_on_the_same_questions() -> None:
    incumbent, order = np.array([0.1, 0.9, 0.5, 0.3]), np.array([2, 0, 3, 1])
    look = Race(PROOF, incumbent, order, 1).look(np.array([0.6, 0.1]))
    assert look.mean_difference == pytest.approx((0.6 - 0.5 + 0.1 - 0.1) / 2)


def test_questions_without_a_score_are_left_out_on_both_sides() -> None:
    incumbent = np.array([1.0, NAN, 1.0, 1.0, NAN, 1.0])
    look = Race(PROOF, incumbent, in_order(6), 1).look(np.array([0.0, 0.5, NAN, 0.0]))
    assert (look.n, look.mean_difference) == (2, -1.0)
    assert Race(PROOF, incumbent, in_order(6), 1).look(np.array([NAN])).keep_going


def test_what_cannot_catch_up_any_more_is_proven_worse() -> None:
    # 6 of 10 lost by a whole point: winning the four that are left by at most 0.1 is not enough.
    incumbent = np.array([1.0] * 6 + [0.9] * 4)
    look = Race(PROOF, incumbent, in_order(10), 1000).look(np.zeros(6))
    assert look.reason == "proven worse"
    assert look.evidence == MOST_EVIDENCE


def test_what_can_still_draw_level_is_not_proven_worse() -> None:
    incumbent = np.array([1.0] * 5 + [0.0] * 5)
    assert Race(PROOF, incumbent, in_order(10), 10**6).look(np.zeros(5)).reason == "goes on"
    # From here on only perfect scores will do, and the next one is perfect.
    assert Race(PROOF, incumbent, in_order(10), 10**6).look(np.array([0.0] * 5 + [1.0])).reason == "goes on"
    assert Race(PROOF, incumbent, in_order(10), 10**6).look(np.zeros(6)).reason == "proven worse"


def test_scores_outside_the_range_are_refused() -> None:
    with pytest.raises(ValueError, match="leave the range"):
        Race(PROOF, np.array([0.5, 1.2]), in_order(2), 1)
    race = Race(PROOF, np.array([0.5, 0.2]), in_order(2), 1)
    with pytest.raises(ValueError, match="leave the range"):
        race.look(np.array([-0.5]))
    assert Race(PROOF, np.array([0.5, 0.2]), in_order(2), 1, worst=-1, best=2).look(np.array([-0.5])).keep_going


def oracle_evidence(differences: list[float], rest: list[float], incumbent: list[float], best: float) -> float:
    """The capital of each bettor, step by step; the largest mean over time."""
    total = len(differences) + len(rest)
    capitals, largest, so_far = [1.0] * len(SHARES), 1.0, 0.0
    for at, difference in enumerate(differences):
        m = -so_far / (total - at)
        most = max(best - score for score in incumbent[at:])
        if most - m < -1e-12:
            return math.inf
        if most - m > 1e-12:
            capitals = [
                capital * (1 - share / (most - m) * (difference - m))
                for capital, share in zip(capitals, SHARES.tolist(), strict=True)
            ]
        largest = max(largest, sum(capitals) / len(capitals))
        so_far += difference
    if so_far + sum(best - score for score in incumbent[len(differences) :]) < -1e-9:
        return math.inf
    return largest


@examples(80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 19))
def test_evidence_equals_the_capital_of_the_bettors(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    incumbent, ours = rng.choice([0.0, 0.5, 1.0], (2, 20))
    race = Race(PROOF, incumbent, in_order(20), 1)
    differences = (ours - incumbent).tolist()
    expected = min(oracle_evidence(differences[:n], differences[n:], incumbent.tolist(), 1.0), MOST_EVIDENCE)
    assert race.look(ours[:n]).evidence == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("ours", [(1.0, 0.0, 0.5, 1.0, 0.5), (0.0, 1.0, 0.0, 1.0, 1.0)])
def test_over_all_orders_the_evidence_against_an_equal_is_at_most_one_in_the_mean(ours: tuple[float, ...]) -> None:
    """What Ville's inequality rests on, exactly: every order of five questions, the capital after each."""
    incumbent = np.array([0.5, 0.5, 1.0, 0.5, 0.5])
    assert Fraction(sum(ours)) >= Fraction(float(incumbent.sum()))
    for n in range(1, 5):
        finals = []
        for order in permutations(range(5)):
            theirs = incumbent[list(order)]
            differences = [ours[at] - incumbent[at] for at in order]
            capitals, so_far = np.ones(len(SHARES)), 0.0
            for at in range(n):
                m, most = -so_far / (5 - at), max(1 - score for score in theirs[at:])
                if most - m > 1e-12:
                    capitals = capitals * (1 - SHARES / (most - m) * (differences[at] - m))
                so_far += differences[at]
            finals.append(capitals.mean())
        assert np.mean(finals) <= 1 + 1e-12


def test_equals_are_proven_worse_more_rarely_than_allowed() -> None:
    rng, dropped = np.random.default_rng(2), 0
    rule = RaceRule(error_rate=0.2, forecast=0.0, block=1, first_look=1)
    for _ in range(60):
        incumbent = rng.choice([0.0, 1.0], 40)
        ours = rng.permutation(incumbent)
        order = rng.permutation(40)
        race = Race(rule, incumbent, order, 1)
        dropped += any(not race.look(ours[order[:n]]).keep_going for n in range(4, 40, 4))
    assert dropped / 60 <= 0.2


def test_the_interval_holds_the_difference_over_all_questions() -> None:
    rng, outside = np.random.default_rng(5), 0
    for _ in range(100):
        incumbent, ours = rng.random(60), rng.random(60) * 0.9
        order = rng.permutation(60)
        race, truth = Race(RaceRule(error_rate=0.1), incumbent, order, 1), float((ours - incumbent).mean())
        looks = [race.look(ours[order[:n]]) for n in (20, 40, 59)]
        outside += any(not look.low - 1e-9 <= truth <= look.high + 1e-9 for look in looks)
        assert looks[-1].high - looks[-1].low < looks[0].high - looks[0].low
    assert outside <= 20


def test_a_stricter_split_over_more_configurations_drops_later() -> None:
    rng = np.random.default_rng(1)
    incumbent, ours = np.clip(rng.normal(0.7, 0.2, 200), 0, 1), np.clip(rng.normal(0.5, 0.2, 200), 0, 1)

    def dropped_at(n_configurations: int) -> int:
        race = Race(PROOF, incumbent, in_order(200), n_configurations)
        return next(n for n in range(1, 200) if not race.look(ours[:n]).keep_going)

    assert dropped_at(1) < dropped_at(20) < dropped_at(2000)


def test_the_forecast_stops_a_loser_before_it_is_proven_to_lose() -> None:
    rng = np.random.default_rng(3)
    incumbent, ours = np.clip(rng.normal(0.7, 0.3, 200), 0, 1), np.clip(rng.normal(0.55, 0.3, 200), 0, 1)
    by_forecast = Race(RaceRule(), incumbent, in_order(200), 30).look(ours[:40])
    assert by_forecast.reason == "forecast not to win"
    assert by_forecast.chance < 0.1
    assert Race(PROOF, incumbent, in_order(200), 30).look(ours[:40]).reason == "goes on"


def test_a_few_equal_scores_are_no_forecast() -> None:
    look = Race(RaceRule(first_look=3), np.full(100, 0.5), in_order(100), 30).look(np.full(3, 0.49))
    assert look.keep_going


def test_reason_says_what_look_says() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        incumbent, ours = rng.random((2, 80))
        race = Race(RaceRule(), incumbent, in_order(80), 10)
        assert race.reason(ours[:20]) == race.look(ours[:20]).reason
