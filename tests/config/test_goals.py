import pytest

METRIC = "metric:\n  name: objective\n  goal: maximize\n"
PARETO = "metrics:\n  - {name: mrr@10, goal: maximize}\n  - {name: n_chunks, goal: minimize}\n"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (METRIC, "", "1: metric: is missing; write metric: {name: objective, goal: maximize}"),
        (METRIC, "metric: mrr@10\n", "4: metric: 'mrr@10' is no mapping; write metric: {name: objective, goal: maxi"),
        ("  goal: maximize\n", "", "5: metric.goal: is missing, and W&B would minimize; write goal: maximize"),
        ("  name: objective\n", "", "5: metric.name: is missing; write name: objective"),
        ("goal: maximize", "goal: maximise", "6: metric.goal: 'maximise' is no goal; write maximize"),
        (
            "goal: maximize",
            "goal: minimize",
            "6: metric.goal: 'minimize' is the wrong direction for objective; write m",
        ),
        ("name: objective", "name: usd_to_index", "6: metric.goal: 'maximize' is the wrong direction for usd_to_index"),
        ("name: objective", "name: mrr", "5: metric.name: 'mrr' is no metric of a trial; write mrr@<cutoff>"),
        ("name: objective", "name: answer_scor", "5: metric.name: 'answer_scor' is no metric of a trial; did you mean"),
        ("name: objective", "name: [1]", "5: metric.name: [1] is no metric of a trial; write one of objective"),
        ("  goal:", "  target: 1\n  goal:", "6: metric.target: is not supported; remove it"),
        ("  goal:", "  gaol: 1\n  goal:", "6: metric.gaol: unknown key of a metric; did you mean goal?"),
        (METRIC, METRIC + PARETO, "7: metrics: stands beside metric; keep one of them"),
        (METRIC, "metrics: []\n", "4: metrics: [] is no list of two metrics; write two of {name: …, goal: …}, or"),
        (METRIC, "metrics: mrr@10\n", "4: metrics: 'mrr@10' is no list of two metrics; "),
        (METRIC, PARETO.replace("n_chunks", "mrr@10"), "6: metrics[1].goal: 'minimize' is the wrong direction for mr"),
        (METRIC, PARETO.replace("maximize", "Maximize"), "5: metrics[0].goal: 'Maximize' is no goal; write maximize"),
    ],
)
def test_a_wrong_metric_is_refused_with_line_and_remedy(refusals, old, new, found):
    assert refusals((old, new))[0].startswith(found)


def test_two_metrics_must_differ(refusals):
    same = "metrics:\n  - {name: mrr@10, goal: maximize}\n  - {name: mrr@10, goal: maximize}\n"
    found = refusals((METRIC, same))
    assert [line.partition("{")[0] for line in found] == ["6: metrics[1]: "]
    assert found[0].endswith("is the first metric again; name two different metrics")


def test_each_of_two_metrics_is_a_mapping(refusals):
    found = refusals((METRIC, "metrics:\n  - {name: mrr@10, goal: maximize}\n  - mrr@5\n"))
    assert found == ["6: metrics[1]: 'mrr@5' is no mapping; write metric: {name: objective, goal: maximize}"]


def test_an_unknown_metric_may_have_either_goal(refusals):
    (found,) = refusals(("name: objective", "name: zzz"))
    assert found.startswith("5: metric.name: 'zzz' is no metric of a trial; ")
    _, missing = sorted(refusals((METRIC, "metric:\n  name: zzz\n")), key=len, reverse=True)
    assert missing == "5: metric.goal: is missing, and W&B would minimize; write goal: maximize or goal: minimize"
    _, wrong = refusals(("name: objective", "name: zzz"), ("goal: maximize", "goal: up"))
    assert wrong == "6: metric.goal: 'up' is no goal; write one of maximize, minimize"


@pytest.mark.parametrize("method", ["bayes", "random", "grid"])
def test_every_method_needs_a_metric(refusals, method):
    found = refusals((METRIC, ""), ("method: bayes", f"method: {method}"))
    assert found == ["1: metric: is missing; write metric: {name: objective, goal: maximize}"]


def test_two_metrics_are_a_pareto_front(load):
    objectives = load((METRIC, PARETO)).objectives
    assert [(objective.name, objective.goal) for objective in objectives] == [
        ("mrr@10", "maximize"),
        ("n_chunks", "minimize"),
    ]


def test_any_logged_metric_may_be_the_objective(load):
    (objective,) = load(("name: objective", "name: hit_rate@top_k")).objectives
    assert (objective.name, objective.goal) == ("hit_rate@top_k", "maximize")
