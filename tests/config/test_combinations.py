import ast
import inspect

import pytest

from rag_sweeps import parameters
from rag_sweeps.config.combinations import CONTRADICTING, DECIDING

TOP_K = "top_k: {min: 1, max: 10}"


def test_the_contradicting_parameters_are_those_that_are_read():
    tree = ast.parse(inspect.getsource(parameters.contradictions))
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & set(parameters.NAMES)
    assert read == set(CONTRADICTING)


def test_the_deciding_parameters_are_those_that_are_read():
    read = set()

    class Recorder(dict):
        def get(self, name, default=None):
            read.add(name)
            return super().get(name, default)

    parameters.without_effect(Recorder())
    assert read == set(DECIDING)


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("top_k: {value: 60}", "60 is more than retrieval_depth 50; raise retrieval_depth"),
        ("top_k: {min: 1, max: 60}", "60 is more than retrieval_depth 50; raise retrieval_depth"),
        ("top_k: {values: [5, 60, 7]}", "60 is more than retrieval_depth 50; raise retrieval_depth"),
        ("top_k: {min: 1, max: 60}\n  retrieval_depth: {values: [100, 30]}", "60 is more than retrieval_depth 30; rai"),
    ],
)
def test_the_largest_top_k_must_fit_the_smallest_depth(refusals, new, found):
    (problem,) = refusals((TOP_K, new))
    assert problem.startswith(f"15: top_k: {found}")


def test_a_contradiction_that_some_trial_would_meet_is_refused(refusals):
    (problem,) = refusals((TOP_K, "bm25_tokenizer: {values: [words, wordpieces]}"))
    assert problem == "8: bm25_stemmer: word pieces cannot be stemmed; set bm25_stemmer: {value: none}"


def test_a_quality_metric_needs_the_answers_it_scores(refusals):
    (problem,) = refusals((TOP_K, "generator: {value: none}"))
    assert problem == "16: quality_metric: answer_score needs answers; set generator: {value: extractive}"


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("generator: {value: none}", "generator", "extractive"),
        ("generator: {values: [extractive, none]}", "generator", "extractive"),
        ("judge: {value: none}", "judge", "reference"),
    ],
)
def test_an_answer_score_as_the_metric_needs_answers_and_a_judge(refusals, line, name, value):
    (problem,) = refusals(
        (TOP_K, line), ("name: objective", "name: answer_f1"), ("{value: answer_score}", "{value: mrr@5}")
    )
    text = f"needs a {name}, and {name} may be none in line 15; write {name}: {{value: {value}}}"
    assert problem == f"5: metric.name: 'answer_f1' {text}"


def test_a_retrieval_metric_needs_no_answers(load):
    load(
        (TOP_K, "generator: {value: none}"),
        ("name: objective", "name: mrr@5"),
        ("{value: answer_score}", "{value: mrr@5}"),
    )


def test_both_metrics_of_a_pareto_front_are_looked_at(refusals):
    both = "metrics: [{name: n_chunks, goal: minimize}, {name: answer_f1, goal: maximize}]\n"
    (problem,) = refusals(
        ("metric:\n  name: objective\n  goal: maximize\n", both),
        (TOP_K, "generator: {value: none}"),
        ("{value: answer_score}", "{value: mrr@5}"),
    )
    assert problem.startswith("4: metrics[1].name: 'answer_f1' needs a generator")


def test_a_combination_that_no_trial_meets_is_fine(load):
    load(
        (TOP_K, "bm25_tokenizer: {values: [words, wordpieces]}"), ("{values: [bm25, dense, hybrid]}", "{value: dense}")
    )


@pytest.mark.parametrize(
    "line",
    [
        "bm25_k1: {min: 0.5, max: 1.5}",
        "bm25_k1: {min: 0.5, max: 1.5, distribution: log_uniform_values}",
        "rrf_k: {min: 1, max: 64, distribution: q_log_uniform_values, q: 1}",
    ],
)
def test_a_grid_refuses_a_range_that_it_cannot_list(refusals, line):
    (problem,) = refusals(("method: bayes", "method: grid"), (TOP_K, line))
    name = line.partition(":")[0]
    assert problem == (
        f"15: {name}: is a range that method grid cannot list; add distribution: q_uniform and q:, or write values:"
    )


def test_a_grid_lists_whole_numbers_and_steps(load):
    load(
        ("method: bayes", "method: grid"),
        (TOP_K, "top_k: {min: 1, max: 10}\n  bm25_k1: {min: 0.5, max: 1.5, distribution: q_uniform, q: 0.5}"),
    )
