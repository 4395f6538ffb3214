"""A valid sweep -> warnings: what it would measure to no purpose, or W&B would misread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rag_sweeps.config.combinations import Specs, idle_parameters
from rag_sweeps.config.objectives import (
    OBJECTIVE,
    Objective,
    feels_answers,
    feels_top_k,
    only_rises_with_top_k,
    racing_weight,
)
from rag_sweeps.config.problems import Problem
from rag_sweeps.config.specs import is_constant
from rag_sweeps.config.yaml_marks import Marked
from rag_sweeps.parameters import DEFAULTS, value_problem

_ANSWERING = (
    *("generator", "answer_sentences", "abstain_below"),
    *("answer_prompt", "max_answer_tokens", "temperature", "reasoning_effort", "max_context_tokens"),
)


def find_warnings(document: Marked, objectives: Sequence[Objective]) -> Iterator[Problem]:
    """For a document in which the checks find nothing."""
    parameters = document.entries["parameters"]
    swept = {name: spec for name, spec in parameters.entries.items() if not is_constant(spec)}
    metrics = _felt_metrics(parameters, objectives)
    yield from _warn_size(document, swept)
    yield from _warn_weight(parameters, objectives)
    yield from _warn_idle(parameters)
    yield from _warn_top_k(parameters, swept, metrics)
    yield from _warn_answering(parameters, swept, metrics)
    yield from _warn_racing(parameters, objectives)
    yield from _warn_falsy(swept)
    yield from _warn_steps(swept)


def constant(parameters: Marked, name: str) -> Any:
    """The value of a parameter that is not swept: as written, or its default."""
    spec = parameters.entries.get(name)
    return DEFAULTS[name] if spec is None else spec.plain["value"]


def _felt_metrics(parameters: Marked, objectives: Sequence[Objective]) -> list[str]:
    """The metrics that the search sees, `objective` taken apart."""
    names = [objective.name for objective in objectives if objective.name != OBJECTIVE]
    if any(objective.name == OBJECTIVE for objective in objectives):
        names.append(constant(parameters, "quality_metric"))
        if constant(parameters, "cost_weight") > 0:
            names.append(constant(parameters, "cost_metric"))
    return names


def _warn_size(document: Marked, swept: Specs) -> Iterator[Problem]:
    method = document.plain["method"]
    if method == "grid":
        return
    if not swept:
        remedy = "sweep a parameter with values: or min: and max:, or write method: grid for one trial"
        yield document.refuse_key("parameters", "parameters", "is an empty space: nothing to search", remedy)
    if "run_cap" not in document.entries:
        message = f"is missing, and method {method} never ends"
        yield document.refuse_key("run_cap", "run_cap", message, "add run_cap:, or give --count")


def _warn_weight(parameters: Marked, objectives: Sequence[Objective]) -> Iterator[Problem]:
    if constant(parameters, "cost_weight") > 0 and all(objective.name != OBJECTIVE for objective in objectives):
        names = " and ".join(objective.name for objective in objectives)
        remedy = f"write metric: {{name: {OBJECTIVE}, goal: maximize}}, or remove cost_weight"
        yield parameters.refuse_key("cost_weight", "cost_weight", f"has no effect on {names}", remedy)


def _warn_idle(parameters: Marked) -> Iterator[Problem]:
    for name in sorted(idle_parameters(parameters.entries)):
        message = "is swept and changes no trial, given the other parameters"
        yield parameters.refuse_key(name, name, message, "write value:, or remove it")


def _warn_top_k(parameters: Marked, swept: Specs, metrics: Sequence[str]) -> Iterator[Problem]:
    if "top_k" not in swept:
        return
    shown = " and ".join(metrics)
    feeling = [metric for metric in metrics if feels_top_k(metric)]
    remedy = "set cost_metric: {value: context_tokens_per_question} and a cost_weight above 0"
    if not feeling:
        remedy = f"choose a metric @top_k or answer_score, {remedy}, or write top_k: {{value: …}}"
        yield parameters.refuse_key("top_k", "top_k", f"is swept and cannot move {shown}", remedy)
    elif all(only_rises_with_top_k(metric) for metric in feeling):
        message = f"is swept and {' and '.join(feeling)} only ever rises with top_k"
        yield parameters.refuse_key("top_k", "top_k", message, remedy)


def _warn_answering(parameters: Marked, swept: Specs, metrics: Sequence[str]) -> Iterator[Problem]:
    if any(feels_answers(metric) for metric in metrics):
        return
    for name in _ANSWERING:
        if name in swept:
            remedy = f"choose answer_score, or write {name}: {{value: …}}"
            yield parameters.refuse_key(name, name, f"is swept and cannot move {' and '.join(metrics)}", remedy)


def _warn_racing(parameters: Marked, objectives: Sequence[Objective]) -> Iterator[Problem]:
    settings = {name: constant(parameters, name) for name in ("quality_metric", "cost_metric", "cost_weight")}
    if constant(parameters, "racing") and racing_weight([each.name for each in objectives], settings) is None:
        message = "stops nothing: a race needs one objective, a score of answers, with no cost but context tokens"
        remedy = "choose quality_metric: {value: answer_score}, or remove racing"
        yield parameters.refuse_key("racing", "racing", message, remedy)


def _warn_falsy(swept: Specs) -> Iterator[Problem]:
    for name, spec in swept.items():
        items = spec.entries["values"].items if "values" in spec.entries else ()
        for item in items[1:]:
            if not item.plain:
                message = "is read as the first value by W&B's own search engine where it does not come first"
                yield item.refuse_value(f"{name}.values", message, "move it to the front of the list")


def _warn_steps(swept: Specs) -> Iterator[Problem]:
    for name, spec in swept.items():
        step = spec.plain.get("q")
        for bound in ("min", "max") if step is not None else ():
            rounded = round(spec.plain[bound] / step) * step
            if value_problem(name, rounded) is not None:
                message = f"is rounded to {rounded} by W&B's own search engine, which {name} cannot be"
                yield spec.entries[bound].refuse_value(f"{name}.{bound}", message, f"write a multiple of q {step}")
