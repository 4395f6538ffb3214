"""TrialParams -> the JSON schema of a sweep file, for editors that complete and check YAML while it is written."""

from __future__ import annotations

from typing import Any

from rag_sweeps.config.goals import GOALS
from rag_sweeps.config.kinds import RULER, is_integer, is_numeric, main_type, parameter_schemas
from rag_sweeps.config.objectives import COST_METRICS, OBJECTIVE, QUALITY_METRICS
from rag_sweeps.config.ranges import FLOAT_RANGES, INTEGER_RANGES
from rag_sweeps.config.top_level import MAPPING_KEYS, METHODS, TEXT_KEYS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CHOICES = {"quality_metric": QUALITY_METRICS, "cost_metric": COST_METRICS}


def sweep_schema() -> Schema:
    """JSON schema, draft 2020-12. It accepts every file that `load_sweep` accepts, and refuses most of the others."""
    texts = {key: {"type": "string"} for key in TEXT_KEYS}
    mappings = {key: {"type": "object"} for key in MAPPING_KEYS}
    properties = {
        **texts,
        **mappings,
        "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "method": {"enum": list(METHODS), "description": "How the next trial is chosen."},
        "metric": {"$ref": "#/$defs/metric", "description": "What the sweep optimises."},
        "metrics": {
            "description": "Two metrics ask for a Pareto front.",
            "type": "array",
            "items": {"$ref": "#/$defs/metric"},
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
        },
        "run_cap": {"type": "integer", "minimum": 1, "description": "How many trials the sweep has."},
        "parameters": {
            **_closed({name: _parameter(name) for name in parameter_schemas()}, required=["golden_set"]),
            "description": "value: is fixed; values:, or min: and max:, are swept.",
        },
    }
    return {
        "$schema": DIALECT,
        "title": "rag_sweeps sweep config",
        **_closed(properties, required=["method", "parameters"]),
        "oneOf": [{"required": ["metric"]}, {"required": ["metrics"]}],
        "$defs": {"metric": _metric()},
    }


def _closed(properties: Schema, *, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _metric() -> Schema:
    maximize, minimize = GOALS
    options = [((OBJECTIVE, *QUALITY_METRICS), maximize), (COST_METRICS, minimize)]
    required = ["name", "goal"]
    return {
        "oneOf": [
            _closed({"name": {"enum": list(names)}, "goal": {"const": goal}}, required=required)
            for names, goal in options
        ]
    }


def _parameter(name: str) -> Schema:
    schema = parameter_schemas()[name]
    value = {key: part for key, part in schema.items() if key not in ("title", "description", "default")}
    if name in _CHOICES:
        value["enum"] = list(_CHOICES[name])
    forms = [_form({"value": _with_default(name, value)}, distributions=["constant"])]
    if name not in RULER:
        values = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
        forms.append(_form({"values": values}, distributions=["categorical"]))
        if is_numeric(name):
            forms += _ranges(name)
    return {"description": schema["description"], "oneOf": forms}


def _with_default(name: str, value: Schema) -> Schema:
    schema = parameter_schemas()[name]
    return {**value, "default": schema["default"]} if "default" in schema else value


def _form(properties: Schema, *, distributions: list[str]) -> Schema:
    return _closed({**properties, "distribution": {"enum": distributions}}, required=list(properties))


def _ranges(name: str) -> list[Schema]:
    bound = dict(main_type(name))
    step = {"type": "integer" if is_integer(name) else "number", "exclusiveMinimum": 0}
    allowed = INTEGER_RANGES if is_integer(name) else FLOAT_RANGES
    plain = [kind for kind in allowed if not kind.startswith("q_")]
    stepped = _form({"min": bound, "max": bound, "q": step}, distributions=[k for k in allowed if k not in plain])
    stepped["required"].append("distribution")
    return [_form({"min": bound, "max": bound}, distributions=plain), stepped]
