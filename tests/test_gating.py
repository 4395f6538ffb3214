"""The gate promotes what is proven not to be worse, and refuses to compare what was not measured alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli, Ran, make_params
from oracles import make_result

from rag_sweeps.errors import InputError
from rag_sweeps.gating import Gate, gate
from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import QuestionRecord, TrialResult, Verdict
from rag_sweeps.statistics import exceeds
from rag_sweeps.store.golden_sets import keep_golden
from rag_sweeps.store.results import result_path, write_result
from rag_sweeps.trial import run_trial

NAN = math.nan
RNG = np.random.default_rng(7)


def result(scores: np.ndarray, trial_id: str = "a", **more: Any) -> TrialResult:
    made = make_result([float(score) for score in scores], quality_metric="mrr@10", relevance_overlap=0.5)
    return replace(made, trial_id=trial_id * 64, split="test", **more)


def found(theirs: np.ndarray, ours: np.ndarray, **more: Any) -> Gate:
    return gate(result(theirs), result(ours, "b"), **more)


def with_judge(made: TrialResult, version: str) -> TrialResult:
    verdict = Verdict(0.5, "", version, {})
    return replace(made, questions=(QuestionRecord("0", (), None, verdict),))


def test_a_clearly_better_candidate_is_promoted() -> None:
    base = RNG.uniform(0.2, 0.5, 60)
    decided = found(base, base + 0.3)
    assert decided.is_promoted
    assert decided.difference == pytest.approx(0.3)
    assert 0 < decided.low <= 0.3 <= decided.high
    assert decided.p < 0.001


def test_a_clearly_worse_candidate_is_not() -> None:
    base = RNG.uniform(0.5, 0.9, 60)
    decided = found(base, base - 0.3)
    assert not decided.is_promoted
    assert decided.p == pytest.approx(1.0)
    assert decided.questions_needed is None


def test_within_the_margin_is_good_enough() -> None:
    base = RNG.uniform(0.3, 0.9, 200)
    assert found(base, base - 0.01, margin=0.05).is_promoted
    assert not found(base, base - 0.01, margin=0.01).is_promoted


def test_few_questions_prove_little() -> None:
    base = RNG.uniform(0.3, 0.7, 10)
    noisy = base + RNG.normal(0, 0.2, 10).clip(-0.3, 0.3)
    decided = found(base, noisy)
    assert not decided.is_promoted
    assert decided.smallest > 0.05


def test_equal_scores_of_n_questions_rule_out_what_clopper_and_pearson_say() -> None:
    # A loss of a whole point on a share of 1 - .05 ** (1 / n) of the questions may go unseen.
    base = RNG.uniform(0.3, 0.7, 50)
    unseen = 1 - 0.05 ** (1 / 50)
    assert not found(base, base.copy(), margin=unseen * 0.9).is_promoted
    assert found(base, base.copy(), margin=unseen * 1.1).is_promoted


def test_the_same_trial_needs_no_proof() -> None:
    base = result(RNG.random(5))
    assert gate(base, base).is_promoted
    assert gate(base, base).same_trial


@pytest.mark.parametrize("kind", ["rare losses", "wins and losses"])
def test_a_candidate_at_the_margin_is_promoted_at_most_one_time_in_twenty(kind: str) -> None:
    rng, promoted = np.random.default_rng(4), 0
    n, margin = 60, 0.05
    for _ in range(200):
        if kind == "rare losses":
            differences = -(rng.random(n) < margin).astype(float)
        else:
            differences = rng.choice([-1.0, 0.0, 1.0], n, p=[0.25, 0.55, 0.2])
        promoted += exceeds(differences, -margin, bounds=(-1.0, 1.0)).p <= 0.05
    # 10 expected at the most; 19 or more happen in 1 of 200 runs of a test that is just right.
    assert promoted <= 18


def test_a_good_candidate_is_promoted_with_the_power_that_is_stated() -> None:
    rng, promoted = np.random.default_rng(5), 0
    n = 150
    reach = (1.644854 + 0.841621) * 0.3 / math.sqrt(n)
    for _ in range(100):
        differences = rng.normal(0, 0.3, n).clip(-1, 1) - 0.05 + reach
        promoted += exceeds(differences, -0.05, bounds=(-1.0, 1.0)).p <= 0.05
    assert 60 <= promoted <= 92


def test_without_bounds_the_signs_are_flipped() -> None:
    differences = np.full(10, 1.0)
    assert exceeds(differences, 0.0).p == pytest.approx(1 / 2**10)
    assert exceeds(differences, 2.0).p == pytest.approx(1 - 1 / 2**10)


def test_missing_scores_count_fully_against_the_candidate() -> None:
    base = RNG.uniform(0.4, 0.6, 100)
    ours = base + 0.05
    assert found(base, ours).is_promoted
    ours[:8] = NAN
    decided = found(base, ours)
    assert (decided.n, decided.n_missing) == (100, 8)
    assert decided.difference == pytest.approx((92 * 0.05 - 8) / 100)
    assert not decided.is_promoted


def test_questions_without_a_score_on_either_side_are_left_out() -> None:
    base, ours = RNG.random(40), RNG.random(40)
    base[:5], ours[:5] = NAN, NAN
    assert found(base, ours).n == 35


def test_questions_are_paired_by_id() -> None:
    base = RNG.uniform(0.2, 0.6, 50)
    ours = result(base + 0.1, "b")
    mixed = replace(ours, question_ids=ours.question_ids[::-1], per_question={"mrr@10": (base + 0.1)[::-1]})
    assert gate(result(base), mixed).low == pytest.approx(gate(result(base), ours).low)


def test_less_of_a_cost_is_better_and_needs_a_margin_in_its_unit() -> None:
    cost = RNG.uniform(400, 600, 50)
    theirs, ours = (
        replace(result(cost), per_question={"context_tokens_per_question": tokens}, trial_id=name * 64)
        for name, tokens in (("a", cost), ("b", cost - 50))
    )
    with pytest.raises(InputError, match="--margin"):
        gate(theirs, ours, metric="context_tokens_per_question")
    decided = gate(theirs, ours, metric="context_tokens_per_question", margin=10)
    assert decided.is_promoted
    assert decided.difference == pytest.approx(50)
    assert not gate(ours, theirs, metric="context_tokens_per_question", margin=10).is_promoted


def test_an_objective_is_made_of_what_the_results_say() -> None:
    base = RNG.uniform(0.2, 0.6, 80)
    settings = {"cost_metric": "context_tokens_per_question", "cost_weight": 0.001, "quality_metric": "mrr@10"}
    theirs, ours = (
        replace(
            result(base, name),
            params={**result(base).params, **settings},
            per_question={"mrr@10": base, "context_tokens_per_question": np.full(80, tokens)},
        )
        for name, tokens in (("a", 500.0), ("b", 300.0))
    )
    decided = gate(theirs, ours, metric="objective")
    assert decided.difference == pytest.approx(0.2)
    assert decided.is_promoted
    other = replace(ours, params={**ours.params, "cost_weight": 0.002})
    with pytest.raises(InputError, match="different objectives"):
        gate(theirs, other, metric="objective")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: replace(r, golden_digest="1" * 64), "different golden sets"),
        (lambda r: replace(r, question_ids=tuple(f"x{each}" for each in r.question_ids)), "different questions"),
        (lambda r: replace(r, split="dev"), "different splits"),
        (lambda r: with_judge(r, "rubric/2"), "different judges"),
        (lambda r: replace(r, params={**r.params, "relevance_overlap": 0.9}), "different relevance_overlap"),
        (lambda r: replace(r, params={**r.params, "quality_metric": "ndcg@5"}), "choose with --metric"),
    ],
)
def test_what_was_not_measured_alike_is_refused(change: Callable[[TrialResult], TrialResult], words: str) -> None:
    base = with_judge(result(RNG.random(20)), "reference/1")
    other = replace(with_judge(result(RNG.random(20)), "reference/1"), trial_id="b" * 64)
    assert gate(base, other).n == 20
    with pytest.raises(InputError, match=words):
        gate(base, change(other))


@pytest.mark.parametrize(
    ("metric", "margin", "words"),
    [("nonsense", None, "was not measured"), ("index_bytes", 1.0, "one figure"), ("mrr@10", -0.1, "0 or more")],
)
def test_what_cannot_be_tested_is_refused(metric: str, margin: float | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        found(RNG.random(20), RNG.random(20), metric=metric, margin=margin)


# The verb


@pytest.fixture
def stored(golden: GoldenSet) -> dict[str, TrialResult]:
    """Two trials on dev, one of them also held out, as `trial` keeps them."""
    keep_golden(golden)
    kept = {}
    for name, params in {"a": make_params(retriever="bm25"), "b": make_params(retriever="bm25", chunk_size=16)}.items():
        for split in ("dev", "test"):
            if (name, split) != ("b", "test"):
                kept[f"{name} {split}"] = run_trial(params, golden, split=split)  # type: ignore[arg-type]
                write_result(kept[f"{name} {split}"])
    return kept


def gated(cli: Cli, stored: dict[str, TrialResult], *more: object) -> Ran:
    first, second = (stored[f"{name} dev"].trial_id[:12] for name in "ab")
    return cli("gate", "--baseline", first, "--candidate", second, *more)


def test_the_verb_says_what_it_compared_and_exits_by_the_decision(cli: Cli, stored: dict[str, TrialResult]) -> None:
    lenient = gated(cli, stored, "--split", "dev", "--margin", 1)
    assert lenient.code == 0, lenient.err
    for word in ("baseline", "candidate", "mrr@10", "dev questions", "margin 1", "p = ", "promote"):
        assert word in lenient.out
    assert "smallest" not in lenient.out, "the two score alike on every question: no spread is known"
    strict = gated(cli, stored, "--split", "dev", "--margin", 0)
    assert strict.code == 1
    assert "not proven" in strict.out


def test_json_is_alone_on_standard_output(cli: Cli, stored: dict[str, TrialResult]) -> None:
    done = gated(cli, stored, "--split", "dev", "--margin", 1, "--json")
    assert done.json["promoted"] is True
    assert done.json["split"] == "dev"
    assert {"difference", "low", "high", "p", "margin", "smallest", "n"} <= set(done.json)


def test_a_missing_held_out_result_says_which_command_measures_it(cli: Cli, stored: dict[str, TrialResult]) -> None:
    done = gated(cli, stored)
    assert done.code == 2
    assert "candidate" in done.err
    assert "rag-sweeps trial" in done.err
    assert "--split test" in done.err
    assert "-s chunk_size=16" in done.err


def test_files_of_results_are_compared_too(cli: Cli, stored: dict[str, TrialResult], tmp_path: Path) -> None:
    paths = []
    for name in "ab":
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_bytes(result_path(stored[f"{name} dev"].trial_id, "dev").read_bytes())
    done = cli("gate", "-b", paths[0], "-c", paths[1], "--margin", 1)
    assert done.code == 0, done.err
    assert cli("gate", "-b", paths[0], "-c", paths[1], "--split", "test").code == 2


@pytest.mark.parametrize("content", [b"{}", b"[]", b"\xff", b'{"checksum": "0", "result": {}}'])
def test_a_file_that_is_no_result_is_refused(cli: Cli, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    done = cli("gate", "-b", path, "-c", path)
    assert done.code == 2
    assert "is no result of a trial" in done.err


def test_an_unknown_and_an_unclear_id_are_refused(cli: Cli, stored: dict[str, TrialResult]) -> None:
    known = stored["a dev"].trial_id
    assert "is no trial" in cli("gate", "-b", "zzz", "-c", known).err
    done = cli("gate", "-b", "", "-c", known)
    assert done.code == 2


def test_a_golden_set_without_held_out_questions_is_gated_on_dev(cli: Cli, golden_dir: Path) -> None:
    import json

    from rag_sweeps.golden import load_golden

    path = golden_dir / "questions.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps({**line, "split": "dev"}) + "\n" for line in lines), encoding="utf-8")
    golden = load_golden(golden_dir)
    keep_golden(golden)
    kept = [run_trial(make_params(retriever="bm25", chunk_size=size), golden) for size in (32, 16)]
    for each in kept:
        write_result(each)
    done = cli("gate", "-b", kept[0].trial_id, "-c", kept[1].trial_id, "--margin", 1)
    assert done.code == 0, done.err
    assert "the golden set has no held-out ones" in done.out
