"""Weave's filters, query expressions and refs -> what they select."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .graphql import RefusedError, UnansweredError
from .weave_state import Call, Object, WeaveState

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "$eq": operator.eq,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def select_calls(state: WeaveState, sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = [call for call in state.calls.values() if call.project_id == sent["project_id"] and not call.deleted]
    kept = [call for call in kept if _passes(call, sent.get("filter") or {})]
    rows = [call.schema() for call in kept]
    if sent.get("include_feedback"):
        for row in rows:
            row["summary"]["weave"]["feedback"] = feedback_of(state, row)
    return page(where(rows, sent.get("query")), sent, default_sort="started_at")


def feedback_of(state: WeaveState, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each for each in state.feedback if each["weave_ref"].endswith(f"/call/{row['id']}")]


def _passes(call: Call, wanted: Mapping[str, Any]) -> bool:
    own = {
        "call_ids": call.id,
        "parent_ids": call.parent_id,
        "trace_ids": call.trace_id,
        "thread_ids": call.thread_id,
        "turn_ids": call.turn_id,
        "wb_run_ids": call.wb_run_id,
        "wb_user_ids": "user:tester",
    }
    for name, values in wanted.items():
        if values is None:
            continue
        if name == "trace_roots_only":
            held = not values or call.parent_id is None
        elif name == "op_names":
            held = any(_op_matches(call.op_name, each) for each in values)
        elif name == "input_refs":
            held = any(ref in json.dumps(call.inputs) for ref in values)
        elif name == "output_refs":
            held = any(ref in json.dumps(call.output) for ref in values)
        elif name in own:
            held = own[name] in values
        else:
            raise UnansweredError(f"the call filter {name!r}")
        if not held:
            return False
    return True


def _op_matches(op_name: str, pattern: str) -> bool:
    return op_name.startswith(pattern[:-1]) if pattern.endswith("*") else op_name == pattern


def where(rows: list[dict[str, Any]], query: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    expression = (query or {}).get("$expr")
    return rows if expression is None else [row for row in rows if evaluate(expression, row)]


def evaluate(expression: Any, row: Mapping[str, Any]) -> Any:
    """One of Weave's query expressions, about one row."""
    if not isinstance(expression, Mapping) or len(expression) != 1:
        return expression
    ((kind, of),) = expression.items()
    if kind == "$literal":
        return of
    if kind == "$getField":
        return field_of(row, of)
    if kind == "$and":
        return all(evaluate(each, row) for each in of)
    if kind == "$or":
        return any(evaluate(each, row) for each in of)
    if kind == "$not":
        return not evaluate(of[0], row)
    if kind == "$in":
        return evaluate(of[0], row) in [evaluate(each, row) for each in of[1]]
    if kind == "$contains":
        text, part = str(evaluate(of["input"], row)), str(evaluate(of["substr"], row))
        return part.lower() in text.lower() if of.get("case_insensitive") else part in text
    if kind == "$convert":
        return evaluate(of["input"], row)
    if kind in COMPARE:
        left, right = evaluate(of[0], row), evaluate(of[1], row)
        return COMPARE[kind](left, right) if kind == "$eq" or None not in (left, right) else False
    raise UnansweredError(f"the query operation {kind!r}")


def field_of(row: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(row, Mapping):
            row = row.get(part)
        elif isinstance(row, Sequence) and not isinstance(row, str) and part.isdigit():
            row = row[int(part)] if int(part) < len(row) else None
        else:
            return None
    return row


def page(rows: list[dict[str, Any]], sent: Mapping[str, Any], default_sort: str | None = None) -> list[dict[str, Any]]:
    orders = sent.get("sort_by") or ([{"field": default_sort, "direction": "asc"}] if default_sort else [])
    for order in reversed(list(orders)):
        rows = sorted(rows, key=lambda row: str(field_of(row, order["field"])), reverse=order["direction"] == "desc")
    start = sent.get("offset") or 0
    limit = sent.get("limit")
    return rows[start:] if limit is None else rows[start : start + limit]


def select_objects(state: WeaveState, sent: Mapping[str, Any]) -> list[Object]:
    wanted = {name: value for name, value in (sent.get("filter") or {}).items() if value is not None}
    kept = [each for each in state.objects if each.project_id == sent["project_id"]]
    if "object_ids" in wanted:
        kept = [each for each in kept if each.object_id in wanted["object_ids"]]
    if "is_op" in wanted:
        kept = [each for each in kept if each.is_op == wanted["is_op"]]
    for name in ("base_object_classes", "leaf_object_classes"):
        if name in wanted:
            kept = [each for each in kept if set(each.classes) & set(wanted[name])]
    if wanted.get("latest_only"):
        kept = [each for each in kept if each is state.find_object(each.project_id, each.object_id, "latest")]
    return kept


def read_ref(state: WeaveState, ref: str) -> Any:
    """`weave:///entity/project/object/name:digest/attr/rows/id/<row>` -> its value."""
    entity, project, kind, what, *path = ref.removeprefix("weave:///").split("/")
    if kind == "call":
        call = state.calls.get(what)
        return None if call is None else call.schema()
    name, _, digest = what.partition(":")
    found = state.find_object(f"{entity}/{project}", name, digest)
    if found is None:
        raise RefusedError(404, f"no object {ref}")
    value = found.val
    for step, key in zip(path[::2], path[1::2], strict=True):
        value = _table(state, value)
        if step == "id":
            value = state.rows[key]
        elif step == "index":
            value = value[int(key)]
        else:
            value = value.get(key)
    return value


def _table(state: WeaveState, value: Any) -> Any:
    if isinstance(value, str) and "/table/" in value:
        return [state.rows[digest] for digest in state.tables[value.rpartition("/")[2]]]
    return value
