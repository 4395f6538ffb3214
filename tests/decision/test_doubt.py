"""What a decision says about its own certainty: correction, resolution, the winner's curse, tags, figures, fronts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from oracles import make_result

from rag_sweeps.decision import Decision, Measured, decide, statements
from rag_sweeps.records import TrialResult
from rag_sweeps.statistics import holm, paired_difference

RNG = np.random.default_rng(9)
NAN = math.nan


def result(scores: np.ndarray, **more: object) -> TrialResult:
    return make_result([float(score) for score in scores], **more)  # type: ignore[arg-type]


def chosen(*measured: Measured, **more: object) -> Decision:
    return decide(measured, metric="mrr@10", goal="maximize", **more)  # type: ignore[arg-type]


def words(decision: Decision) -> str:
    return " ".join(statements(decision, ["chunk_size"]))


def noisy(n: int, mean: float, *, sd: float = 0.2) -> np.ndarray:
    return np.clip(RNG.normal(mean, sd, n), 0, 1)


def test_every_configuration_is_compared_with_both_baselines() -> None:
    tables = {1: noisy(40, 0.5), 2: noisy(40, 0.4), 3: noisy(40, 0.3), 4: noisy(40, 0.35)}
    names = {3: "bm25", 4: "default"}
    decision = chosen(*(Measured(number, result(scores), names.get(number)) for number, scores in tables.items()))
    pairs = [(n, b) for b in (3, 4) for n in tables if n != b]
    expected = holm(np.array([paired_difference(tables[n], tables[b]).p for n, b in pairs]))
    for row in decision.rows:
        assert set(row.versus) == {"bm25", "default"} - {row.measured.baseline}
    found = {(row.measured.number, name): each for row in decision.rows for name, each in row.versus.items()}
    for (number, baseline), p in zip(pairs, expected, strict=True):
        comparison = found[number, names[baseline]]
        assert comparison.p_adjusted == pytest.approx(p)
        assert comparison.difference.mean == pytest.approx(tables[number].mean() - tables[baseline].mean())


def test_the_recommended_one_pays_for_having_been_chosen_among_many() -> None:
    base = noisy(60, 0.5)
    lucky = np.clip(base + np.where(np.arange(60) < 7, 0.3, 0.0), 0, 1.5)
    few = [Measured(0, result(base), "bm25"), Measured(1, result(lucky))]
    many = few + [Measured(number, result(base + RNG.normal(0, 0.05, 60))) for number in range(2, 12)]
    assert chosen(*few).gains["bm25"].finding == "better"
    decision = chosen(*many)
    assert decision.recommended.measured.number == 1
    assert decision.gains["bm25"].difference.p < 0.05 < decision.gains["bm25"].p_adjusted


def test_held_out_gains_are_corrected_for_the_baselines_alone() -> None:
    held_out, weak, weaker = noisy(30, 0.6), noisy(30, 0.5), noisy(30, 0.45)
    decision = chosen(
        Measured(0, result(noisy(40, 0.3)), "bm25", result(weak)),
        Measured(1, result(noisy(40, 0.3)), "default", result(weaker)),
        Measured(2, result(noisy(40, 0.9)), None, result(held_out)),
        *(Measured(number, result(noisy(40, 0.5))) for number in range(3, 9)),
    )
    expected = holm(np.array([paired_difference(held_out, other).p for other in (weak, weaker)]))
    assert [gain.p_adjusted for gain in decision.test_gains.values()] == pytest.approx(expected.tolist())
    assert "corrected for 2 baselines" in words(decision)


def test_held_out_questions_in_another_order_are_paired_by_id() -> None:
    ours, theirs = noisy(30, 0.6), noisy(30, 0.5)
    there = result(theirs)
    mixed = replace(there, question_ids=there.question_ids[::-1], per_question={"mrr@10": theirs[::-1]})
    entries = (
        Measured(0, result(noisy(40, 0.2)), "bm25", mixed),
        Measured(1, result(noisy(40, 0.9)), None, result(ours)),
    )
    gain = chosen(*entries).test_gains["bm25"].difference
    assert gain == paired_difference(ours, theirs)


def test_dev_questions_in_another_order_are_paired_by_id() -> None:
    first, second = noisy(40, 0.6), noisy(40, 0.5)
    turned = result(second)
    turned = replace(turned, question_ids=turned.question_ids[::-1], per_question={"mrr@10": second[::-1]})
    decision = chosen(Measured(1, result(first)), Measured(2, turned))
    assert decision.rows[1].comparable
    assert decision.rows[1].versus_best.p == pytest.approx(paired_difference(second, first).p)


def test_as_many_other_questions_are_not_the_same_questions() -> None:
    first, second = noisy(40, 0.6), noisy(40, 0.5)
    first[0], second[1] = NAN, NAN
    decision = chosen(Measured(1, result(first)), Measured(2, result(second)), Measured(3, result(second)))
    assert [(row.measured.number, row.comparable) for row in decision.rows] == [(2, True), (3, True), (1, False)]


def test_what_a_race_stopped_is_never_ranked_however_common_it_is() -> None:
    short = np.full(40, NAN)
    short[:20] = 1.0
    stopped = [Measured(number, result(short), pruned=True) for number in range(10, 20)]
    decision = chosen(Measured(1, result(noisy(40, 0.5))), Measured(2, result(noisy(40, 0.4))), *stopped)
    assert decision.n_compared == 2
    assert decision.best.measured.number == 1
    assert "10 scored on other questions (10 stopped by racing) and not ranked" in words(decision)
    unmarked = chosen(*(replace(entry, pruned=False) for entry in stopped), Measured(1, result(noisy(40, 0.5))))
    assert unmarked.best.measured.number == 1


def test_a_figure_of_the_whole_trial_is_ranked_and_never_tested() -> None:
    cheap, dear = (result(noisy(40, 0.5), usd_per_1k_questions=usd) for usd in (1.0, 2.0))
    decision = decide([Measured(1, dear), Measured(2, cheap, "bm25")], metric="usd_per_1k_questions", goal="minimize")
    assert decision.best.measured.number == 2
    assert not decision.is_tested
    assert [row.tied for row in decision.rows] == [True, False]
    assert math.isnan(decision.rows[1].p_adjusted)
    assert decision.rows[1].versus["bm25"].finding == "not tested"
    said = words(decision)
    assert "no test" in said
    assert "better than" not in said


def test_the_lead_says_how_many_questions_it_needs() -> None:
    first = noisy(50, 0.6)
    second = np.clip(first + RNG.normal(-0.01, 0.2, 50), 0, 1)
    decision = chosen(Measured(1, result(first)), Measured(2, result(second)))
    found = decision.resolution
    assert found.lead == pytest.approx(abs(first.mean() - second.mean()))
    assert found.lead_needs is not None
    assert found.lead_needs > 50
    # Both rest on the same spread: needs = n * (detectable / lead)^2.
    assert found.lead_needs == pytest.approx(50 * (found.detectable / found.lead) ** 2, rel=0.02, abs=1)
    assert f"to show a lead of {found.lead:.3f}" in words(decision)


def test_a_proven_lead_asks_for_no_more_questions() -> None:
    decision = chosen(Measured(1, result(noisy(50, 0.9, sd=0.05))), Measured(2, result(noisy(50, 0.3, sd=0.05))))
    assert "to show a lead" not in words(decision)


def test_the_drop_from_dev_to_held_out_is_shown_with_its_interval() -> None:
    dev, test = noisy(60, 0.7), noisy(50, 0.6)
    decision = chosen(Measured(1, result(dev), test=result(test)), Measured(2, result(noisy(60, 0.3))))
    found = decision.confirmation
    assert found is not None
    error = math.sqrt(dev.var(ddof=1) / 60 + test.var(ddof=1) / 50)
    assert found.change.mean == pytest.approx(test.mean() - dev.mean())
    assert found.change.high - found.change.low == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert f"Held out it scores {test.mean():.3f}" in words(decision)
    assert decision.test_value == found.test


def test_among_equals_the_winner_is_said_to_be_flattered() -> None:
    entries = [Measured(number, result(noisy(40, 0.5, sd=0.25))) for number in range(20)]
    decision = chosen(*entries)
    assert 0.02 < decision.optimism < 0.12
    assert f"flatters it by about {decision.optimism:.3f}" in words(decision)
    assert "Not confirmed on held-out questions" in words(decision)


TAGS = {str(number): ["hard"] if number < 15 else ["easy"] for number in range(60)}


def test_a_winner_that_loses_on_one_kind_of_question_says_so() -> None:
    winner, other = noisy(60, 0.8, sd=0.05), noisy(60, 0.5, sd=0.05)
    winner[:15] = noisy(15, 0.2, sd=0.05)
    decision = chosen(Measured(1, result(winner)), Measured(2, result(other), "bm25"), tags=TAGS)
    assert decision.recommended.measured.number == 1
    easy, hard = decision.by_tag
    assert (easy.tag, easy.n, easy.rival) == ("easy", 45, None)
    assert (hard.tag, hard.n) == ("hard", 15)
    assert hard.versus["bm25"].finding == "worse"
    assert easy.versus["bm25"].finding == "better"
    assert hard.rival is not None
    assert hard.rival.number == 2
    assert "On the 15 questions tagged 'hard' it is worse than" in words(decision)


def test_the_rival_of_a_tag_pays_for_having_been_picked_among_all() -> None:
    winner = noisy(60, 0.7)
    entries = [Measured(0, result(winner))]
    entries += [Measured(number, result(np.clip(winner + RNG.normal(-0.02, 0.1, 60), 0, 1))) for number in range(1, 9)]
    for each in chosen(*entries, tags=TAGS).by_tag:
        if each.versus_rival is not None:
            assert each.versus_rival.p_adjusted == pytest.approx(min(1, each.versus_rival.difference.p * 2 * 8))


def test_a_tag_of_few_questions_is_not_tested() -> None:
    tags = {str(number): ["rare"] for number in range(3)}
    first, second = np.full(40, 0.6), np.full(40, 0.5)
    first[:3] = 0.0
    (rare,) = chosen(Measured(1, result(first)), Measured(2, result(second), "bm25"), tags=tags).by_tag
    assert (rare.n, rare.versus, rare.rival) == (3, {}, None)


def test_two_objectives_have_a_front_of_what_no_other_beats() -> None:
    entries = [
        Measured(1, result(np.full(20, 0.9), context_tokens_per_question=900)),
        Measured(2, result(np.full(20, 0.5), context_tokens_per_question=100)),
        Measured(3, result(np.full(20, 0.4), context_tokens_per_question=400)),
        Measured(4, result(np.full(20, 0.9), context_tokens_per_question=950)),
    ]
    decision = chosen(*entries, second=("context_tokens_per_question", "minimize"))
    assert [row.measured.number for row in decision.front] == [2, 1]
    assert "2 on the Pareto front of mrr@10 and context_tokens_per_question" in words(decision)
    dear = chosen(*entries, second=("context_tokens_per_question", "maximize"))
    assert [row.measured.number for row in dear.front] == [4]


def test_false_findings_against_the_baseline_are_rare_over_many_sweeps() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(60):
        tables = np.clip(rng.normal(0.5, 0.3, 40)[:, None] + rng.normal(0, 0.2, (40, 8)), 0, 1).T
        entries = [
            Measured(number, result(scores), "bm25" if number == 0 else None) for number, scores in enumerate(tables)
        ]
        found += any(gain.finding != "not proven different" for gain in chosen(*entries).gains.values())
    assert found <= 8
