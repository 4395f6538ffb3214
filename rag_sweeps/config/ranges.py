"""A `min:`/`max:` space -> what is wrong with it, by the rules of W&B's distributions."""

from __future__ import annotations

from collections.abc import Iterator

from rag_sweeps.config.kinds import expectation, is_integer, is_numeric
from rag_sweeps.config.problems import Problem
from rag_sweeps.config.values import find_fault
from rag_sweeps.config.yaml_marks import Marked

STEPPED = ("q_uniform", "q_log_uniform_values")
LOGARITHMIC = ("log_uniform_values", "q_log_uniform_values")
INTEGER_RANGES = ("int_uniform", *STEPPED)
FLOAT_RANGES = ("uniform", "int_uniform", "q_uniform", *LOGARITHMIC)
DISTRIBUTIONS = ("constant", "categorical", *FLOAT_RANGES)

Number = int | float


def check_range(name: str, spec: Marked) -> Iterator[Problem]:
    """Everything wrong with the range of one parameter; later checks run only where the earlier ones found nothing."""
    for stage in (_check_bounds, _check_distribution, _check_order, _check_fit, _check_step):
        problems = list(stage(name, spec))
        if problems:
            yield from problems
            return


def range_distribution(spec: Marked) -> str:
    """The distribution W&B takes where none is written: whole numbers where both bounds are whole."""
    if "distribution" in spec.entries:
        return str(spec.entries["distribution"].plain)
    low, high = _bounds(spec)
    return "int_uniform" if isinstance(low, int) and isinstance(high, int) else "uniform"


def _bounds(spec: Marked) -> tuple[Number, Number]:
    low, high = (spec.entries[bound].plain for bound in ("min", "max"))
    return low, high


def _check_bounds(name: str, spec: Marked) -> Iterator[Problem]:
    if not is_numeric(name):
        place = "min" if "min" in spec.entries else "max"
        remedy = f"write {name}: {{values: […]}}"
        yield spec.refuse_key(place, f"{name}.{place}", "is no number and has no order", remedy)
        return
    for bound, other in (("min", "max"), ("max", "min")):
        key = f"{name}.{bound}"
        if bound not in spec.entries:
            yield spec.refuse_key(other, f"{name}.{other}", f"stands without {bound}", f"add {bound}:")
            continue
        node = spec.entries[bound]
        fault = ("is no bound", expectation(name).removesuffix(" or null")) if node.plain is None else None
        fault = fault or find_fault(name, node.plain)
        if fault is None and is_integer(name) and isinstance(node.plain, float):
            fault = ("is no whole number", f"write {int(node.plain)}")
        if fault is not None:
            yield node.refuse_value(key, *fault)


def _check_distribution(name: str, spec: Marked) -> Iterator[Problem]:
    node = spec.entries.get("distribution")
    if node is None:
        return
    key = f"{name}.distribution"
    allowed = INTEGER_RANGES if is_integer(name) else FLOAT_RANGES
    if node.plain not in DISTRIBUTIONS:
        yield node.refuse_value(key, "is not supported", f"write one of {', '.join(allowed)}")
    elif node.plain in ("constant", "categorical"):
        yield node.refuse_value(key, "does not go with min: and max:", f"write one of {', '.join(allowed)}")
    elif node.plain == "uniform" and is_integer(name):
        yield node.refuse_value(key, f"would propose fractions, and {name} is a whole number", "write int_uniform")
    elif node.plain == "log_uniform_values" and is_integer(name):
        remedy = "write q_log_uniform_values and q: 1"
        yield node.refuse_value(key, f"would propose fractions, and {name} is a whole number", remedy)


def _check_order(name: str, spec: Marked) -> Iterator[Problem]:
    low, high = _bounds(spec)
    if low > high:
        yield spec.entries["min"].refuse_value(f"{name}.min", f"is more than max {high}", "swap them")
    elif low == high:
        remedy = f"write {name}: {{value: {low}}}"
        yield spec.entries["min"].refuse_value(f"{name}.min", "equals max, an empty space", remedy)


def _check_fit(name: str, spec: Marked) -> Iterator[Problem]:
    """Bounds that the distribution cannot use as they are meant."""
    low, high = _bounds(spec)
    distribution = range_distribution(spec)
    if distribution == "int_uniform" and not is_integer(name):
        if "distribution" not in spec.entries:
            message = f"and max {high} are whole numbers, so W&B would propose only whole numbers"
            remedy = f"add distribution: uniform, or write min: {float(low)}"
            yield spec.entries["min"].refuse_value(f"{name}.min", message, remedy)
        for bound, value in (("min", low), ("max", high)):
            if isinstance(value, float):
                remedy = "write whole numbers, or distribution: uniform"
                yield spec.entries[bound].refuse_value(f"{name}.{bound}", "does not go with int_uniform", remedy)
    if distribution in LOGARITHMIC and low <= 0:
        remedy = "write a min above 0, or a distribution without log"
        yield spec.entries["min"].refuse_value(f"{name}.min", "has no logarithm", remedy)


def _check_step(name: str, spec: Marked) -> Iterator[Problem]:
    node, distribution = spec.entries.get("q"), range_distribution(spec)
    low, high = _bounds(spec)
    key = f"{name}.q"
    if distribution not in STEPPED:
        if node is not None:
            yield node.refuse_value(key, f"has no effect on {distribution}", "add distribution: q_uniform, or remove q")
        return
    if node is None:
        yield spec.refuse_key("distribution", key, f"{distribution} has no step", "add q:, the step between values")
    elif isinstance(node.plain, bool) or not isinstance(node.plain, int | float):
        yield node.refuse_value(key, "is no number", "write the step between values")
    elif is_integer(name) and not isinstance(node.plain, int):
        yield node.refuse_value(key, f"is no whole number, and {name} is one", "write a whole step")
    elif not node.plain > 0:
        yield node.refuse_value(key, "is no step", "write a number above 0")
    elif node.plain > high - low:
        yield node.refuse_value(key, f"is more than max - min, which leaves one value, {low}", "write a smaller step")
