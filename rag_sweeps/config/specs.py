"""One entry under `parameters:` -> what is wrong with it: its form (value, values, min and max) and each value."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rag_sweeps.config.kinds import RULER, is_numeric
from rag_sweeps.config.problems import Problem, as_yaml, nearest, show_key, suggest
from rag_sweeps.config.ranges import DISTRIBUTIONS, check_range
from rag_sweeps.config.values import find_fault
from rag_sweeps.config.yaml_marks import Marked
from rag_sweeps.parameters import NAMES

SPEC_KEYS = ("value", "values", "min", "max", "distribution", "q")


def is_constant(spec: Marked) -> bool:
    return "value" in spec.entries


def check_parameter(name: str, block: Marked) -> Iterator[Problem]:
    """Everything wrong with the entry `name` of the `parameters:` block."""
    spec = block.entries[name]
    if name not in NAMES:
        yield block.refuse_key(name, show_key(name), "unknown parameter", _suggest_parameter(name))
        return
    if not spec.is_mapping:
        form = f"{'values' if isinstance(spec.plain, list) else 'value'}: {as_yaml(spec.plain)}"
        yield spec.refuse_value(name, "is no mapping", f"write {name}: {{{form}}}")
        return
    yield from _check_keys(name, spec)
    forms = [form for form in ("value", "values") if form in spec.entries]
    forms += ["min and max"] if spec.entries.keys() & {"min", "max"} else []
    if not forms:
        form = "{value: …}, {values: […]}" + (" or {min: …, max: …}" if is_numeric(name) else "")
        yield block.refuse_key(name, name, "has no value", f"write {name}: {form}")
    elif len(forms) > 1:
        yield block.refuse_key(name, name, f"has {' as well as '.join(forms)}", "keep one of them")
    elif forms == ["value"]:
        yield from _check_plain(name, spec, "constant")
        yield from _check_value(f"{name}.value", name, spec.entries["value"])
    elif name in RULER:
        yield block.refuse_key(name, name, f"may not be swept: {RULER[name]}", f"write {name}: {{value: …}}")
    elif forms == ["values"]:
        yield from _check_plain(name, spec, "categorical")
        yield from _check_values(name, spec.entries["values"])
    else:
        yield from check_range(name, spec)


def _check_keys(name: str, spec: Marked) -> Iterator[Problem]:
    for key, entry in spec.entries.items():
        if key in SPEC_KEYS:
            continue
        message = "unknown key of a parameter"
        remedy = suggest(key, SPEC_KEYS)
        if key == "probabilities":
            message, remedy = "is not supported", "remove it; every value is as likely as the others"
        elif key == "parameters":
            message, remedy = "nested parameters are not supported", "write each parameter directly under parameters:"
        elif entry.plain is None and nearest(key, SPEC_KEYS) is None:
            remedy = "where it belongs to a value with a comma, put that value in quotes"
        yield spec.refuse_key(key, f"{name}.{show_key(key)}", message, remedy)


def _check_plain(name: str, spec: Marked, distribution: str) -> Iterator[Problem]:
    """`value:` and `values:` need no distribution and have no step."""
    form = "value" if distribution == "constant" else "values"
    written = spec.entries.get("distribution")
    if written is not None and written.plain not in DISTRIBUTIONS:
        yield written.refuse_value(
            f"{name}.distribution", "is not supported", f"write one of {', '.join(DISTRIBUTIONS)}"
        )
    elif written is not None and written.plain != distribution:
        yield written.refuse_value(f"{name}.distribution", f"does not go with {form}:", f"write {distribution}")
    if "q" in spec.entries:
        yield spec.refuse_key("q", f"{name}.q", f"has no effect beside {form}:", "remove it")


def _check_values(name: str, values: Marked) -> Iterator[Problem]:
    key = f"{name}.values"
    if not isinstance(values.plain, list):
        yield values.refuse_value(key, "is no list", f"write values: [{as_yaml(values.plain)}]")
        return
    if not values.items:
        yield values.refuse_value(key, "is an empty space", "list at least one value")
    seen: set[str] = set()
    for item in values.items:
        yield from _check_value(key, name, item)
        identity = _identity(item.plain)
        if identity in seen:
            yield item.refuse_value(key, "stands twice", "list each value once")
        seen.add(identity)


def _check_value(key: str, name: str, value: Marked) -> Iterator[Problem]:
    fault = find_fault(name, value.plain)
    if fault is not None:
        yield value.refuse_value(key, *fault)


def _identity(value: object) -> str:
    """Equal for equal settings: 1 and 1.0 are one value, 1 and true are two."""
    is_whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if is_whole else value, sort_keys=True)  # type: ignore[call-overload]


def _suggest_parameter(name: str) -> str:
    near = nearest(name, NAMES)
    return f"did you mean {near}?" if near else f"the parameters are {', '.join(NAMES)}"
