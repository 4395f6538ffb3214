"""Measured grids -> sweep configs with the value of every configuration, so that a search can be replayed for nothing.

Ours (`grids/*.json`) were measured by `measure.py`. Those of IBM's rag-hpo-bench are read from the folder of the
evaluation data, one for each of its data sets.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.evaluation_data import DataMissingError, data_folder
from benchmarks.search.measure import GRIDS
from rag_sweeps.search import SearchSpace, space_of

COST_WEIGHT = 0.0001
"""Of the shipped quickstart config: 100 context tokens must bring one point of recall."""
RELEASED_METRIC = "LLMaaJ-AC"
RELEASED_AXES = {
    "Chunk Size": int,
    "Chunk Overlap": float,
    "Embedding Model": str,
    "Generative Mode": str,
    "Top-K": int,
}


@dataclass(frozen=True)
class Grid:
    """axes: swept parameters with their values. table: value of each combination. All are to be maximised."""

    name: str
    axes: Mapping[str, list[Any]]
    table: Mapping[tuple[Any, ...], float]
    ours: bool

    def config(self, method: str, seed: int) -> dict[str, Any]:
        parameters: dict[str, Any] = {name: {"values": list(values)} for name, values in self.axes.items()}
        parameters["seed"] = {"value": seed}
        if self.ours:
            # A range of integers is a range, as in the shipped config.
            parameters["top_k"] = {"min": min(self.axes["top_k"]), "max": max(self.axes["top_k"])}
            parameters |= {"golden_set": {"value": "-"}, "generator": {"value": "none"}, "judge": {"value": "none"}}
        return {"method": method, "metric": {"name": "objective", "goal": "maximize"}, "parameters": parameters}

    def value(self, proposal: Mapping[str, Any]) -> float:
        return self.table[tuple(proposal[name] for name in self.axes)]

    @cached_property
    def space(self) -> SearchSpace:
        return space_of(SimpleNamespace(config=self.config("bayes", 0)))

    @cached_property
    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Of every distinct configuration."""
        return np.array([self.value(point) for point in (self.space.points or {}).values()])

    def regret(self, found: float) -> float:
        """0 at the best of the grid, 1 at its mean."""
        return float((self.values.max() - found) / (self.values.max() - self.values.mean()))


def load_grids() -> list[Grid]:
    """All there are; those whose data is not on this machine are named and left out."""
    grids = [_measured(path.stem) for path in sorted(GRIDS.glob("*.json"), reverse=True)]
    try:
        folder = data_folder("rag_hpo_bench")
    except DataMissingError as error:
        print(error)
        return grids
    with (folder / "rag_configurations_results.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for name in sorted({row["Dataset"] for row in rows}):
        mine = [row for row in rows if row["Dataset"] == name]
        keys = [tuple(read(row[axis]) for axis, read in RELEASED_AXES.items()) for row in mine]
        axes = {axis: sorted({key[at] for key in keys}) for at, axis in enumerate(RELEASED_AXES)}
        table = {key: float(row[RELEASED_METRIC]) for key, row in zip(keys, mine, strict=True)}
        grids.append(Grid(name, axes, table, ours=False))
    return grids


def _measured(name: str) -> Grid:
    measured = json.loads((GRIDS / f"{name}.json").read_text(encoding="utf-8"))
    pairs = zip(measured["recall@top_k"], measured["context_tokens_per_question"], strict=True)
    values = [recall - COST_WEIGHT * tokens for recall, tokens in pairs]
    axes = measured["axes"]
    return Grid(name, axes, dict(zip(itertools.product(*axes.values()), values, strict=True)), ours=True)
