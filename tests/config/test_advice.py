import pytest

TOP_K = "top_k: {min: 1, max: 10}"
WEIGHT = "  cost_weight: {value: 0.00005}\n"
REMEDY = "set cost_metric: {value: context_tokens_per_question} and a cost_weight above 0"


def test_the_valid_file_has_no_warnings(warnings_of):
    assert warnings_of() == []


def test_a_metric_that_cannot_feel_top_k_is_told(warnings_of):
    found = warnings_of(("answer_score", "mrr@10"), (WEIGHT, ""))
    assert found == [
        "15: top_k: is swept and cannot move mrr@10; choose a metric @top_k or answer_score, "
        f"{REMEDY}, or write top_k: {{value: …}}"
    ]


def test_a_logged_metric_as_objective_is_judged_itself(warnings_of):
    found = warnings_of(("name: objective", "name: ndcg@5"), (WEIGHT, ""))
    assert found[0].startswith("15: top_k: is swept and cannot move ndcg@5; ")


@pytest.mark.parametrize("family", ["hit_rate", "recall", "char_recall"])
def test_a_metric_that_only_rises_with_top_k_is_told(warnings_of, family):
    found = warnings_of(("answer_score", f"{family}@top_k"), (WEIGHT, ""))
    assert found == [f"15: top_k: is swept and {family}@top_k only ever rises with top_k; {REMEDY}"]


@pytest.mark.parametrize("metric", ["mrr@10", "hit_rate@top_k", "answer_score"])
def test_a_weighted_cost_feels_top_k(warnings_of, metric):
    assert warnings_of(("answer_score", metric)) == []


def test_a_weighted_cost_that_is_blind_to_top_k_does_not_help(warnings_of):
    found = warnings_of(("answer_score", "mrr@10"), ("context_tokens_per_question", "n_chunks"))
    assert found[0].startswith("15: top_k: is swept and cannot move mrr@10 and n_chunks; ")


def test_a_pareto_front_with_a_cost_feels_top_k(warnings_of):
    both = "metrics: [{name: recall@top_k, goal: maximize}, {name: context_tokens_per_question, goal: minimize}]\n"
    assert warnings_of(("metric:\n  name: objective\n  goal: maximize\n", both), (WEIGHT, "")) == []


def test_answer_settings_need_a_metric_of_answers(warnings_of):
    found = warnings_of(("answer_score", "mrr@10"), (TOP_K, "answer_sentences: {min: 1, max: 3}"))
    assert found == [
        "15: answer_sentences: is swept and cannot move mrr@10 and context_tokens_per_question; "
        "choose answer_score, or write answer_sentences: {value: …}"
    ]


def test_what_answers_cost_feels_how_they_are_written(warnings_of):
    edits = (TOP_K, "answer_sentences: {min: 1, max: 3}"), ("answer_score", "mrr@10")
    assert warnings_of(*edits, ("context_tokens_per_question", "usd_per_1k_questions")) == []


def test_warnings_come_by_line(warnings_of):
    found = warnings_of(("name: objective", "name: mrr@10"), ("run_cap: 24\n", ""))
    assert [line.partition(":")[0] for line in found] == ["1", "14", "17"]


def test_a_weight_without_the_objective_is_told(warnings_of):
    found = warnings_of(("name: objective", "name: answer_score"))
    assert found == [
        "18: cost_weight: has no effect on answer_score; "
        "write metric: {name: objective, goal: maximize}, or remove cost_weight"
    ]


@pytest.mark.parametrize(
    ("retriever", "line", "idle"),
    [
        ("{value: dense}", "bm25_k1: {min: 0.5, max: 1.5}", True),
        ("{values: [dense, hybrid]}", "bm25_k1: {min: 0.5, max: 1.5}", False),
        ("{values: [dense, bm25]}", "rrf_k: {min: 10, max: 60}", True),
        ("{values: [dense, bm25]}", "bm25_k1: {min: 0.5, max: 1.5}", False),
    ],
)
def test_a_parameter_that_no_trial_can_feel_is_told(warnings_of, retriever, line, idle):
    found = warnings_of(("{values: [bm25, dense, hybrid]}", retriever), (TOP_K, line))
    name = line.partition(":")[0]
    text = f"15: {name}: is swept and changes no trial, given the other parameters; write value:, or remove it"
    assert found == ([text] if idle else [])


def test_an_idle_parameter_rests_on_the_constants_too(warnings_of):
    found = warnings_of(
        ("{values: [lsa-256, all-MiniLM-L6-v2]}", "{value: lsa-256}"), (TOP_K, "query_prompt: {values: ['', 'q: ']}")
    )
    assert [line.partition(";")[0] for line in found] == [
        "15: query_prompt: is swept and changes no trial, given the other parameters"
    ]


@pytest.mark.parametrize("value", ["0", "0.0", "''", "null"])
def test_a_falsy_value_that_is_not_first_is_told(warnings_of, value):
    name, other = {
        "0": ("rrf_k", "60"),
        "0.0": ("bm25_b", "0.5"),
        "''": ("query_prompt", "q"),
        "null": ("embedding_dimensions", "64"),
    }[value]
    (found,) = warnings_of((TOP_K, f"{name}: {{values: [{other}, {value}]}}"))
    assert found.startswith(f"15: {name}.values: ")
    assert found.endswith("where it does not come first; move it to the front of the list")
    assert warnings_of((TOP_K, f"{name}: {{values: [{value}, {other}]}}")) == []


def test_a_bound_that_w_and_b_would_round_out_of_its_limits_is_told(warnings_of):
    found = warnings_of((TOP_K, "top_k: {min: 1, max: 10, distribution: q_uniform, q: 3}"))
    assert found == [
        "15: top_k.min: 1 is rounded to 0 by W&B's own search engine, which top_k cannot be; write a multiple of q 3"
    ]


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_a_search_without_end_is_told(warnings_of, method):
    found = warnings_of(("run_cap: 24\n", ""), ("method: bayes", f"method: {method}"))
    assert found == [f"1: run_cap: is missing, and method {method} never ends; add run_cap:, or give --count"]


def test_a_grid_ends_by_itself(warnings_of):
    assert warnings_of(("run_cap: 24\n", ""), ("method: bayes", "method: grid")) == []


SINGLE = """\
method: {method}
metric: {{name: objective, goal: maximize}}
run_cap: 1
parameters:
  golden_set: {{value: golden}}
"""


def test_a_search_with_nothing_to_search_is_told(warnings_of):
    (found,) = warnings_of(text=SINGLE.format(method="random"))
    assert found.startswith("4: parameters: is an empty space: nothing to search; sweep a parameter with values:")


def test_a_grid_of_one_trial_is_fine(warnings_of):
    assert warnings_of(text=SINGLE.format(method="grid")) == []
