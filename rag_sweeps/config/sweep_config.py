"""A sweep YAML -> SweepConfig, checked as a whole; every problem is found before the first is raised."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rag_sweeps.config.advice import find_warnings
from rag_sweeps.config.combinations import check_answer_goals, check_combinations, check_grid
from rag_sweeps.config.goals import check_goals, objective_names, read_objectives
from rag_sweeps.config.golden_path import check_golden_set, find_golden_dir
from rag_sweeps.config.models import check_models
from rag_sweeps.config.objectives import Objective
from rag_sweeps.config.problems import ConfigError, Problem, show_value
from rag_sweeps.config.specs import check_parameter, is_constant
from rag_sweeps.config.top_level import check_top_level, find_api_keys
from rag_sweeps.config.yaml_marks import Marked, read_marked
from rag_sweeps.parameters import NOT_SEARCHED, TrialParams, models_of, parse_params

_DECIDE_THE_SEARCH = ("method", "metric", "metrics", "parameters")
_MAX_SLUG_CHARS = 40


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """A checked sweep config. constants: parameters with `value:`; swept: W&B's spec of each other one, as written.

    golden_dir: the golden set's folder, None for an artifact. document: the YAML as W&B gets it.
    """

    path: Path
    name: str
    method: str
    objectives: tuple[Objective, ...]
    run_cap: int | None
    constants: Mapping[str, Any]
    swept: Mapping[str, Mapping[str, Any]]
    golden_dir: Path | None
    document: dict[str, Any]
    warnings: tuple[Problem, ...]

    @property
    def config(self) -> dict[str, Any]:
        """The document under the name that W&B's SweepInfo gives it."""
        return self.document

    @property
    def seed(self) -> int:
        return int(self.constants.get("seed", 0))

    @property
    def budget_usd(self) -> float | None:
        budget = self.constants.get("budget_usd")
        return None if budget is None else float(budget)

    @property
    def sends_full_text(self) -> bool:
        """Whether texts of the golden set and of answers may leave this machine, in every trial."""
        return self.constants.get("logged_text", "full") == "full" and "logged_text" not in self.swept

    @property
    def models(self) -> set[str]:
        """Every model of a provider that some trial may ask."""
        return models_of({**self.constants, **{name: spec.get("values", []) for name, spec in self.swept.items()}})

    @property
    def digest(self) -> str:
        """12 hex characters of what decides the search; a new name, run_cap or budget continues the same sweep."""
        deciding = {key: self.document[key] for key in _DECIDE_THE_SEARCH if key in self.document}
        parameters = self.document["parameters"]
        deciding["parameters"] = {name: spec for name, spec in parameters.items() if name not in NOT_SEARCHED}
        canonical = json.dumps(deciding, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @property
    def sweep_id(self) -> str:
        return f"{_slug(self.name)}-{self.digest[:8]}"

    def trial_params(self, proposal: Mapping[str, Any]) -> TrialParams:
        """Constants, what the search proposes, and defaults for the rest. Raises ConfigError for a bad proposal."""
        try:
            return parse_params({**self.constants, **proposal})
        except ValidationError as error:
            raise ConfigError([*_describe(str(self.path), error)]) from error


def load_sweep(path: Path) -> SweepConfig:
    """Read and check one config file. Raises ConfigError with every problem in it."""
    document, problems = read_marked(path)
    problems += _find_problems(document, path)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    objectives = read_objectives(document)
    specs = document.entries["parameters"].entries
    constants = {name: spec.plain["value"] for name, spec in specs.items() if is_constant(spec)}
    plain = document.plain
    return SweepConfig(
        path=path,
        name=plain.get("name") or path.stem,
        method=plain["method"],
        objectives=objectives,
        run_cap=plain.get("run_cap"),
        constants=constants,
        swept={name: spec.plain for name, spec in specs.items() if not is_constant(spec)},
        golden_dir=find_golden_dir(constants["golden_set"], path),
        document=plain,
        warnings=tuple(sorted(find_warnings(document, objectives), key=lambda warning: warning.line or 0)),
    )


def _find_problems(document: Marked, path: Path) -> Iterator[Problem]:
    yield from find_api_keys(document)
    yield from check_top_level(document)
    yield from check_goals(document)
    parameters = document.entries.get("parameters")
    if parameters is None:
        remedy = "write parameters:, with golden_set: {value: <folder>} under it"
        yield document.refuse_key("parameters", "parameters", "is missing", remedy)
    elif not parameters.is_mapping:
        yield parameters.refuse_value("parameters", "is no mapping", "write one parameter a line under it")
    else:
        yield from _check_parameters(document, parameters, path)


def _check_parameters(document: Marked, parameters: Marked, path: Path) -> Iterator[Problem]:
    sound = {}
    for name, spec in parameters.entries.items():
        problems = list(check_parameter(name, parameters))
        yield from problems
        if not problems:
            sound[name] = spec
    if "golden_set" in sound or "golden_set" not in parameters.entries:
        yield from check_golden_set(document, path)
    yield from check_combinations(document, sound)
    yield from check_answer_goals(objective_names(document), sound)
    yield from check_models(sound)
    if document.plain.get("method") == "grid":
        yield from check_grid(parameters, sound)


def _describe(file: str, error: ValidationError) -> Iterator[Problem]:
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        message = item["msg"][:1].lower() + item["msg"][1:]
        yield Problem(file, None, name, show_value(item["input"]), message, "propose a value that its parameter allows")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_MAX_SLUG_CHARS].strip("-") or "sweep"
