from dataclasses import fields
from itertools import pairwise

import numpy as np

from rag_sweeps.config.objectives import (
    COST_METRICS,
    CUTOFF_LABELS,
    METRICS,
    QUALITY_METRICS,
    only_rises_with_top_k,
    right_goal,
    suggest_metric,
)
from rag_sweeps.metrics import score_retrieval
from rag_sweeps.records import CUTOFFS, Matches, TrialCosts, TrialResult


def test_the_cutoffs_are_those_of_the_records():
    assert (*map(str, CUTOFFS), "top_k") == CUTOFF_LABELS


def test_the_retrieval_metrics_are_those_that_are_scored():
    scores = score_retrieval(matches_of(np.zeros((1, 20), dtype=bool)), dict.fromkeys(CUTOFF_LABELS, 1))
    assert set(scores) == {metric for metric in QUALITY_METRICS if "@" in metric}


def test_the_costs_are_fields_of_a_result():
    assert set(COST_METRICS) <= {field.name for field in (*fields(TrialCosts), *fields(TrialResult))}


def test_costs_are_minimized_and_all_else_maximized():
    assert {name for name in METRICS if right_goal(name) == "minimize"} == set(COST_METRICS)


def test_what_is_said_to_rise_with_top_k_never_falls():
    rng = np.random.default_rng(0)
    hits = rng.random((200, 20)) < 0.2
    by_k = [score_retrieval(matches_of(hits), {"top_k": k}) for k in range(1, 21)]
    rising = {name for name in by_k[0] if all((b[name] >= a[name] - 1e-12).all() for a, b in pairwise(by_k))}
    assert {name for name in by_k[0] if only_rises_with_top_k(name)} == rising


def test_a_wrong_cutoff_is_told_the_right_ones():
    assert suggest_metric("mrr@7", METRICS) == "write mrr@<cutoff>, the cutoff one of 1, 3, 5, 10, 20, top_k"


def test_a_name_near_none_is_told_some():
    assert suggest_metric("zzz", METRICS).startswith("write one of objective, hit_rate@10, mrr@10")
    assert suggest_metric(["x"], COST_METRICS).startswith("write one of context_tokens_per_question")


def matches_of(hits):
    """Five pieces of evidence a question, each relevant chunk the first to show one, 10 characters of each covered."""
    n_questions, n_ranks = hits.shape
    new = np.where(hits.cumsum(axis=1) <= 5, hits, False).astype(np.int64)
    return Matches(
        hits=hits,
        new_evidence=new,
        n_evidence=np.full(n_questions, 5),
        retrieved_chars=np.full((n_questions, n_ranks), 100),
        evidence_chars=np.full(n_questions, 50),
        covered_chars={k: new[:, :k].sum(axis=1) * 10 for k in range(1, 21)},
    )
