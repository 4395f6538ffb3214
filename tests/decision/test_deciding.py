from __future__ import annotations

import math

import numpy as np
import pytest
from oracles import make_result

from rag_sweeps.decision import Decision, Measured, cost_key, decide, sentence, statements
from rag_sweeps.records import TrialResult
from rag_sweeps.statistics import holm, paired_difference

RNG = np.random.default_rng(4)
BASE = RNG.uniform(0.2, 0.4, 40)
GOOD = BASE + 0.5
NEAR = GOOD + RNG.normal(0, 0.02, 40)
NAN = math.nan


def result(scores: np.ndarray, **more: float) -> TrialResult:
    return make_result([float(score) for score in scores], **more)  # type: ignore[arg-type]


def chosen(*measured: Measured, goal: str = "maximize") -> Decision:
    return decide(measured, metric="mrr@10", goal=goal)  # type: ignore[arg-type]


def words(decision: Decision) -> str:
    return " ".join(statements(decision, ["chunk_size"]))


def numbers(decision: Decision) -> list[int]:
    return [row.measured.number for row in decision.rows]


def test_rows_are_ordered_by_their_mean() -> None:
    decision = chosen(Measured(1, result(BASE)), Measured(2, result(GOOD)), Measured(3, result(BASE + 0.2)))
    assert numbers(decision) == [2, 3, 1]
    assert decision.best.measured.number == decision.recommended.measured.number == 2
    assert [row.tied for row in decision.rows] == [True, False, False]
    assert {type(row.tied) for row in decision.rows} == {bool}
    assert decision.best.value.mean == pytest.approx(GOOD.mean())


def test_the_cheapest_of_the_tied_is_recommended() -> None:
    decision = chosen(
        Measured(1, result(GOOD, context_tokens_per_question=900)),
        Measured(2, result(NEAR - NEAR.mean() + GOOD.mean() - 1e-4, context_tokens_per_question=300)),
        Measured(3, result(BASE, context_tokens_per_question=1)),
    )
    assert decision.best.measured.number == 1
    assert [row.measured.number for row in decision.tied] == [1, 2]
    assert decision.recommended.measured.number == 2
    assert "cheapest of the 2 " in words(decision)
    assert "tied" in words(decision)
    assert "not proven" in words(decision)


def test_cheap_means_dollars_then_context_then_seconds() -> None:
    dear = result(GOOD, usd_per_1k_questions=2, context_tokens_per_question=1, embed_seconds=1)
    long = result(GOOD, usd_per_1k_questions=1, context_tokens_per_question=9, embed_seconds=1)
    slow = result(GOOD, usd_per_1k_questions=1, context_tokens_per_question=5, embed_seconds=9)
    fast = result(GOOD, usd_per_1k_questions=1, context_tokens_per_question=5, embed_seconds=2)
    assert sorted([dear, long, slow, fast], key=cost_key) == [fast, slow, long, dear]
    decision = chosen(*(Measured(i, entry) for i, entry in enumerate([dear, long, slow, fast])))
    assert decision.recommended.measured.number == 3


def test_every_row_is_compared_with_the_best_and_p_is_holms() -> None:
    tables = [GOOD, NEAR - 0.005, BASE + 0.47, BASE]
    decision = chosen(*(Measured(i, result(scores)) for i, scores in enumerate(tables)))
    assert numbers(decision) == [0, 1, 2, 3]
    expected = [paired_difference(scores, GOOD) for scores in tables]
    assert [row.versus_best.mean for row in decision.rows] == pytest.approx([each.mean for each in expected])
    assert [row.versus_best.low for row in decision.rows] == pytest.approx([each.low for each in expected])
    assert [row.versus_best.p for row in decision.rows] == pytest.approx([each.p for each in expected])
    adjusted = holm(np.array([difference.p for difference in expected[1:]])).tolist()
    assert [row.p_adjusted for row in decision.rows] == pytest.approx([1.0, *adjusted])
    assert [row.tied for row in decision.rows] == [True, *[p > 0.05 for p in adjusted]]


def test_one_chance_finding_among_several_is_no_finding() -> None:
    ahead = np.array([1.0] * 6 + [0.0] * 34)
    entries = [Measured(1, result(ahead)), Measured(2, result(ahead * 0)), Measured(3, result(ahead * 0))]
    assert [row.tied for row in chosen(*entries[:2]).rows] == [True, False]
    decision = chosen(*entries)
    assert decision.rows[1].versus_best.p < 0.05
    assert [row.tied for row in decision.rows] == [True, True, True]


def test_a_goal_to_minimize_prefers_the_lower_mean() -> None:
    decision = chosen(
        Measured(1, result(GOOD)),
        Measured(2, result(BASE)),
        Measured(3, result(GOOD), baseline="bm25"),
        goal="minimize",
    )
    assert decision.best.measured.number == 2
    assert decision.recommended.measured.number == 2
    assert decision.best.value.mean == pytest.approx(BASE.mean())
    assert "better than bm25" in words(decision)
    assert "worse than bm25" not in words(decision)


def test_configurations_with_another_n_are_set_apart() -> None:
    short = np.array([*[1.0] * 39, NAN])
    decision = chosen(Measured(1, result(short)), Measured(2, result(GOOD)), Measured(3, result(BASE)))
    assert numbers(decision) == [2, 3, 1]
    apart = decision.rows[-1]
    assert not apart.comparable
    assert not apart.tied
    assert apart.value.n == 39
    assert decision.best.comparable


def test_a_configuration_that_scored_something_beats_many_that_scored_nothing() -> None:
    nothing = np.full(40, NAN)
    decision = chosen(Measured(1, result(nothing)), Measured(2, result(nothing)), Measured(3, result(GOOD)))
    assert decision.recommended.measured.number == 3


def test_one_configuration_alone_is_recommended_without_a_claim() -> None:
    decision = chosen(Measured(7, result(GOOD)))
    assert decision.best is decision.recommended
    assert decision.recommended.measured.number == 7
    assert decision.gains == {}
    assert decision.test_gains == {}
    assert decision.test_value is None
    assert math.isnan(decision.detectable)
    assert "better" not in words(decision)


def test_gains_are_recommended_minus_baseline_on_dev() -> None:
    decision = chosen(Measured(1, result(GOOD)), Measured(2, result(BASE), baseline="bm25"))
    gain, expected = decision.gains["bm25"], paired_difference(GOOD, BASE)
    assert (gain.difference.mean, gain.p_adjusted) == pytest.approx((expected.mean, expected.p))
    assert decision.test_gains == {}
    assert "On dev it is better than bm25 (+0.500" in words(decision)


def test_gains_on_the_held_out_split_come_from_it_and_are_what_the_sentence_tells() -> None:
    held_out, weak = GOOD[:20] - 0.1, BASE[:20]
    decision = chosen(
        Measured(1, result(GOOD), test=result(held_out)),
        Measured(2, result(BASE), baseline="bm25", test=result(weak)),
        Measured(3, result(BASE), baseline="default"),
    )
    assert set(decision.test_gains) == {"bm25"}
    expected = paired_difference(held_out, weak)
    assert decision.test_gains["bm25"].difference.mean == pytest.approx(expected.mean)
    assert decision.test_gains["bm25"].p_adjusted == pytest.approx(expected.p)
    assert set(decision.gains) == {"bm25", "default"}
    assert decision.test_value is not None
    assert decision.test_value.n == 20
    assert "On the 20 held-out questions it is better than bm25 (+0.400" in words(decision)


def test_the_sentence_has_setting_value_interval_and_n() -> None:
    entry = Measured(1, make_result([float(s) for s in GOOD], chunk_size=128, top_k=3))
    value = chosen(entry).best.value
    said = words(chosen(entry))
    assert "chunk_size 128" in said
    assert "top_k" not in said
    assert f"mrr@10 {value.mean:.3f} [{value.low:.3f}, {value.high:.3f}] on 40 dev questions" in said


def test_a_setting_that_cannot_matter_is_not_recommended() -> None:
    entry = Measured(1, make_result([0.5], chunk_size=128, retriever="bm25", embedding_model="all-MiniLM-L6-v2"))
    said = sentence(chosen(entry), ["embedding_model", "chunk_size"])
    assert "Use chunk_size 128:" in said
    assert "MiniLM" not in said


def test_better_than_the_others_is_said_where_all_differ() -> None:
    said = words(chosen(Measured(1, result(GOOD)), Measured(2, result(BASE)), Measured(3, result(BASE + 0.1))))
    assert "better than each of the other 2" in said


def test_ties_of_equal_cost_are_not_said_to_cost_more() -> None:
    assert "cost more" not in words(chosen(Measured(1, result(GOOD)), Measured(2, result(GOOD))))


def test_dearer_ties_are_said_to_cost_more() -> None:
    dear = Measured(2, result(GOOD, usd_per_1k_questions=1))
    assert "1 of 1 others are tied with it and cost more" in words(chosen(Measured(1, result(GOOD)), dear))


@pytest.mark.parametrize("seed", range(12))
def test_better_and_worse_are_said_exactly_where_the_test_says_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.random(15) + 0.1, rng.random(15)
    entries = (
        Measured(1, result(first), test=result(rng.random(15))),
        Measured(2, result(second), baseline="bm25", test=result(rng.random(15))),
    )
    decision = chosen(*entries)
    if decision.recommended.measured.baseline:
        assert decision.test_gains == {}
        return
    gain = decision.test_gains["bm25"]
    told = {
        "better": "better than bm25",
        "worse": "worse than bm25",
        "not proven different": "not proven different from bm25",
    }
    assert (gain.finding == "not proven different") == (gain.p_adjusted > 0.05)
    assert told[gain.finding] in words(decision)


@pytest.mark.parametrize("shift", [-0.01, 0.01])
def test_a_held_out_difference_within_chance_is_not_proven_either_way(shift: float) -> None:
    noisy = BASE + shift + np.array([0.1, -0.1] * 20)
    said = words(
        chosen(
            Measured(1, result(GOOD), test=result(noisy)), Measured(2, result(BASE), baseline="bm25", test=result(BASE))
        )
    )
    assert "not proven different from bm25" in said


def test_a_baseline_that_is_recommended_is_not_compared_with_itself() -> None:
    said = words(chosen(Measured(1, result(GOOD), baseline="bm25"), Measured(2, result(BASE))))
    assert "than bm25" not in said
    assert "from bm25" not in said


def test_a_worse_baseline_comparison_is_told_as_worse() -> None:
    entries = (
        Measured(1, result(GOOD), test=result(BASE)),
        Measured(2, result(BASE), baseline="bm25", test=result(GOOD)),
    )
    assert "worse than bm25" in words(chosen(*entries))


def test_detectable_is_the_middle_of_the_pairs() -> None:
    narrow, wide = GOOD - 0.3 + RNG.normal(0, 0.01, 40), GOOD - 0.3 + RNG.normal(0, 0.1, 40)
    decision = chosen(*(Measured(i, result(scores)) for i, scores in enumerate([GOOD, narrow, wide])))
    # Holm asks the smallest of two p-values for half the level: z at 1 - .05 / 4.
    each = [(2.241403 + 0.841621) * np.std(scores - GOOD, ddof=1) / math.sqrt(40) for scores in (narrow, wide)]
    assert decision.detectable == pytest.approx(sum(each) / 2, rel=1e-5)
