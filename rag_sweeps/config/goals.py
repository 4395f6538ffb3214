"""`metric:` or `metrics:` -> what is wrong with them, and the objectives they ask for."""

from __future__ import annotations

from collections.abc import Iterator

from rag_sweeps.config.objectives import METRICS, OBJECTIVE, Objective, right_goal, suggest_metric
from rag_sweeps.config.problems import Problem, show_key, suggest
from rag_sweeps.config.yaml_marks import Marked

METRIC_KEYS = ("name", "goal")
GOALS = ("maximize", "minimize")

_EXAMPLE = f"write metric: {{name: {OBJECTIVE}, goal: maximize}}"


def check_goals(document: Marked) -> Iterator[Problem]:
    """Every method needs a metric: the baselines and the decision rest on it."""
    if "metric" in document.entries and "metrics" in document.entries:
        yield document.refuse_key("metrics", "metrics", "stands beside metric", "keep one of them")
    elif "metric" in document.entries:
        yield from _check_metric("metric", document.entries["metric"])
    elif "metrics" in document.entries:
        yield from _check_metrics(document.entries["metrics"])
    else:
        yield document.refuse_key("metric", "metric", "is missing", _EXAMPLE)


def objective_names(document: Marked) -> dict[str, Marked]:
    """Key in the file -> the metric's name, of whatever is written well enough to have one."""
    nodes = {"metric": document.entries["metric"]} if "metric" in document.entries else {}
    metrics = document.entries.get("metrics")
    nodes |= {f"metrics[{position}]": item for position, item in enumerate(metrics.items if metrics else ())}
    return {f"{key}.name": node.entries["name"] for key, node in nodes.items() if "name" in node.entries}


def read_objectives(document: Marked) -> tuple[Objective, ...]:
    """The objectives of a document in which `check_goals` finds nothing."""
    entries = document.entries
    nodes = [entries["metric"]] if "metric" in entries else entries["metrics"].items
    return tuple(Objective(node.plain["name"], node.plain["goal"]) for node in nodes)


def _check_metrics(node: Marked) -> Iterator[Problem]:
    remedy = "write two of {name: …, goal: …}, or metric: for one"
    if len(node.items) != 2:
        yield node.refuse_value("metrics", "is no list of two metrics", remedy)
        return
    for position, item in enumerate(node.items):
        yield from _check_metric(f"metrics[{position}]", item)
    names = [item.plain.get("name") for item in node.items if item.is_mapping]
    if len(names) == 2 and names[0] == names[1]:
        yield node.items[1].refuse_value("metrics[1]", "is the first metric again", "name two different metrics")


def _check_metric(key: str, metric: Marked) -> Iterator[Problem]:
    if not metric.is_mapping:
        yield metric.refuse_value(key, "is no mapping", _EXAMPLE)
        return
    for unknown in (name for name in metric.entries if name not in METRIC_KEYS):
        message, remedy = "unknown key of a metric", suggest(unknown, METRIC_KEYS)
        if unknown in ("target", "impute", "impute_while_running"):
            message, remedy = "is not supported", "remove it"
        yield metric.refuse_key(unknown, f"{key}.{show_key(unknown)}", message, remedy)
    yield from _check_name(key, metric)
    yield from _check_goal(key, metric)


def _check_name(key: str, metric: Marked) -> Iterator[Problem]:
    name = metric.entries.get("name")
    if name is None:
        yield metric.refuse_key("name", f"{key}.name", "is missing", f"write name: {OBJECTIVE}")
    elif name.plain not in METRICS:
        yield name.refuse_value(f"{key}.name", "is no metric of a trial", suggest_metric(name.plain, METRICS))


def _check_goal(key: str, metric: Marked) -> Iterator[Problem]:
    goal, name = metric.entries.get("goal"), metric.plain.get("name")
    right = right_goal(name) if name in METRICS else None
    key = f"{key}.goal"
    if goal is None:
        remedy = f"write goal: {right or 'maximize or goal: minimize'}"
        yield metric.refuse_key("goal", key, "is missing, and W&B would minimize", remedy)
    elif goal.plain not in GOALS:
        yield goal.refuse_value(key, "is no goal", f"write {right}" if right else suggest(goal.plain, GOALS))
    elif right is not None and goal.plain != right:
        yield goal.refuse_value(key, f"is the wrong direction for {name}", f"write {right}")
