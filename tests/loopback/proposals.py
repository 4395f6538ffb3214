"""A parameter of a sweep config -> one value drawn from it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]


def flatten(parameters: Mapping[str, Any], under: Path = ()) -> dict[Path, Mapping[str, Any]]:
    """Nested parameters -> their specs by path, in the order of the file."""
    specs: dict[Path, Mapping[str, Any]] = {}
    for name, spec in parameters.items():
        if isinstance(spec, Mapping) and "parameters" in spec:
            specs |= flatten(spec["parameters"], (*under, name))
        else:
            specs[(*under, name)] = spec
    return specs


def nest(values: Mapping[Path, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in values.items():
        inside = nested
        for name in path[:-1]:
            inside = inside.setdefault(name, {})
        inside[path[-1]] = value
    return nested


def draw(spec: Mapping[str, Any], draws: random.Random) -> Any:
    if "value" in spec:
        return spec["value"]
    if "values" in spec:
        weights = spec.get("probabilities")
        return draws.choices(spec["values"], weights=weights)[0] if weights else draws.choice(spec["values"])
    kind = spec.get("distribution") or _plain_kind(spec)
    if kind == "int_uniform":
        return draws.randint(spec["min"], spec["max"])
    if "normal" in kind:
        value = draws.gauss(spec.get("mu", 0.0), spec.get("sigma", 1.0))
        value = math.exp(value) if "log" in kind else value
    elif "log_uniform_values" in kind:
        value = math.exp(draws.uniform(math.log(spec["min"]), math.log(spec["max"])))
    elif "log_uniform" in kind:
        value = math.exp(draws.uniform(spec["min"], spec["max"]))
    else:
        value = draws.uniform(spec["min"], spec["max"])
    if kind.startswith("q_"):
        step = spec.get("q", 1)
        value = round(value / step) * step
    return value


def _plain_kind(spec: Mapping[str, Any]) -> str:
    whole = isinstance(spec["min"], int) and isinstance(spec["max"], int)
    return "int_uniform" if whole else "uniform"
