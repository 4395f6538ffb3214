"""Specs that are fine alone -> values that are impossible together, and swept parameters that can never matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from rag_sweeps.config.objectives import ANSWER_METRICS
from rag_sweeps.config.problems import Problem
from rag_sweeps.config.ranges import range_distribution
from rag_sweeps.config.specs import is_constant
from rag_sweeps.config.yaml_marks import Marked
from rag_sweeps.parameters import (
    DEFAULTS,
    MODEL_VERDICTS,
    contradictions,
    is_model,
    judges_of,
    parse_params,
    without_effect,
)

CONTRADICTING = (
    *("top_k", "retrieval_depth", "bm25_tokenizer", "bm25_stemmer", "retriever"),
    *("generator", "judge", "quality_metric", "allow_self_judge", "embedding_model", "compatible_base_url"),
)
"""Parameters that `parameters.contradictions` reads; a test compares."""

DECIDING = ("retriever", "embedding_model", "index_factory", "generator", "judge")
"""Parameters that `parameters.without_effect` reads; a test compares."""

Specs = Mapping[str, Marked]


def check_combinations(document: Marked, sound: Specs) -> Iterator[Problem]:
    """Each parameter that some trial of the sweep would contradict, once. sound: the specs without a problem."""
    fixed = {name: spec.plain["value"] for name, spec in sound.items() if is_constant(spec)}
    params = parse_params({"golden_set": "-", **fixed})
    found: dict[str, str] = {}
    for combination in _combine(sound, CONTRADICTING):
        for name, text in contradictions(replace(params, **combination)):
            found.setdefault(name, text)
    for name, text in found.items():
        message, _, remedy = text.rpartition("; ")
        place = document.entries["parameters"] if name in sound else document
        line_of = name if name in sound else "parameters"
        yield place.refuse_key(line_of, name, message, remedy)


def check_answer_goals(objectives: Mapping[str, Marked], sound: Specs) -> Iterator[Problem]:
    """A score of answers as the metric itself needs answers and a judge in every trial. objectives: key -> name."""
    for key, name in objectives.items():
        if name.plain not in ANSWER_METRICS:
            continue
        for parameter, remedy in (("generator", "extractive"), ("judge", "reference")):
            if parameter in sound and "none" in _written_values(sound[parameter]):
                message = f"needs a {parameter}, and {parameter} may be none in line {sound[parameter].line}"
                yield name.refuse_value(key, message, f"write {parameter}: {{value: {remedy}}}")
        judge = sound["judge"].plain["value"] if "judge" in sound else DEFAULTS["judge"]
        if name.plain in MODEL_VERDICTS and judge != "none" and not is_model(judges_of(judge)[0]):
            message = f"needs a judging model, and judge is {judge}"
            yield name.refuse_value(key, message, "write judge: {value: <provider>:<model>}")


def check_grid(parameters: Marked, sound: Specs) -> Iterator[Problem]:
    """A grid lists its values, and W&B's lists only steps of equal size."""
    for name, spec in sound.items():
        if "min" not in spec.entries or range_distribution(spec) in ("int_uniform", "q_uniform"):
            continue
        remedy = "add distribution: q_uniform and q:, or write values:"
        yield parameters.refuse_key(name, name, "is a range that method grid cannot list", remedy)


def idle_parameters(sound: Specs) -> set[str]:
    """Swept parameters that change no trial, whatever the others are."""
    fixed = {name: spec.plain["value"] for name, spec in sound.items() if is_constant(spec)}
    idle = [without_effect({**fixed, **combination}) for combination in _combine(sound, DECIDING)]
    swept = (name for name, spec in sound.items() if not is_constant(spec))
    return {name for name in swept if all(name in names for names in idle)}


def _combine(sound: Specs, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every combination of the extreme values of those parameters that are swept."""
    swept = [name for name in names if name in sound and not is_constant(sound[name])]
    for values in product(*(_extremes(name, sound[name]) for name in swept)):
        yield dict(zip(swept, values, strict=True))


def _written_values(spec: Marked) -> list[Any]:
    return [spec.plain["value"]] if is_constant(spec) else list(spec.plain.get("values", []))


def _extremes(name: str, spec: Marked) -> list[Any]:
    values = spec.plain.get("values") or [spec.plain["min"], spec.plain["max"]]
    if not all(isinstance(value, int | float) for value in values):
        return list(values)
    # The first contradiction found is the one reported: the largest top_k against the smallest retrieval_depth.
    return sorted({min(values), max(values)}, reverse=name != "retrieval_depth")
