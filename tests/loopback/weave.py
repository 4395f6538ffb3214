"""The Weave trace server: routes -> what is kept and given back."""

from __future__ import annotations

import email.policy
import json
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from typing import Any
from uuid import UUID

from .clock import now
from .graphql import RefusedError, UnansweredError
from .weave_queries import page, read_ref, select_calls, select_objects, where
from .weave_state import Object, WeaveState, bytes_digest

SERVER_INFO = {"min_required_weave_python_version": "0.50.0", "trace_server_version": "9.9.9"}

Answer = tuple[int, Any, str]


def answer(state: WeaveState, method: str, path: str, content_type: str, body: bytes) -> Answer:
    """One request to the trace server."""
    if (method, path) == ("GET", "/server_info"):
        return 200, SERVER_INFO, "application/json"
    if path == "/agents/otel/v1/traces" or path == "/otel/v1/traces":
        return 200, {}, "application/json"
    if path in ("/file/create", "/files/create"):
        return 200, {"digest": _keep_file(state, content_type, body)}, "application/json"
    sent = json.loads(body) if body else {}
    if path == "/calls/stream_query":
        lines = "".join(json.dumps(row) + "\n" for row in select_calls(state, sent))
        return 200, lines.encode(), "application/jsonl"
    if path in ("/file/content", "/files/content"):
        return 200, _file(state, sent["digest"]), "application/octet-stream"
    route = "/" + "/".join(path.split("/")[4:]) if path.startswith("/v2/") else path
    found = ROUTES.get(route)
    if found is None or method != "POST":
        raise UnansweredError(f"{method} {path}")
    return 200, found(state, sent), "application/json"


def _keep_file(state: WeaveState, content_type: str, body: bytes) -> str:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            digest = bytes_digest(content)
            state.files[digest] = content
            return digest
    raise UnansweredError("a file upload without a file")


def _file(state: WeaveState, digest: str) -> bytes:
    if digest not in state.files:
        raise RefusedError(404, f"no file {digest}")
    return state.files[digest]


def _start(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    call = state.start(sent["start"])
    return {"id": call.id, "trace_id": call.trace_id}


def _end(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    state.end(sent["end"])
    return {}


def _complete(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    for each in sent["batch"]:
        state.start(each)
        state.end(each)
    return {}


def _batch(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {"res": [(_start if each["mode"] == "start" else _end)(state, each["req"]) for each in sent["batch"]]}


def _read_call(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    call = state.calls.get(sent["id"])
    return {"call": None if call is None or call.deleted else call.schema()}


def _update_call(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    if sent.get("display_name") is not None:
        state.calls[sent["call_id"]].display_name = sent["display_name"]
    return {}


def _delete_calls(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    for call_id in sent["call_ids"]:
        state.calls[call_id].deleted = True
    return {"num_deleted": len(sent["call_ids"])}


def _create_object(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    kept = state.keep_object(dict(sent["obj"]))
    return {"digest": kept.digest, "object_id": kept.object_id}


def _read_object(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    found = state.find_object(sent["project_id"], sent["object_id"], sent["digest"])
    if found is None:
        raise RefusedError(404, f"no object {sent['object_id']}:{sent['digest']}")
    return {"obj": _schema(state, found)}


def _query_objects(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {"objs": page([_schema(state, each) for each in select_objects(state, sent)], sent)}


def _schema(state: WeaveState, kept: Object) -> dict[str, Any]:
    classes = [name for name in kept.classes if name not in ("Object", "BaseModel")]
    return {
        "project_id": kept.project_id,
        "object_id": kept.object_id,
        "created_at": kept.created_at,
        "digest": kept.digest,
        "version_index": kept.version,
        "is_latest": int(kept is state.find_object(kept.project_id, kept.object_id, "latest")),
        "kind": "op" if kept.is_op else "object",
        "base_object_class": classes[-1] if classes else None,
        "leaf_object_class": classes[0] if classes else None,
        "val": kept.val,
    }


def _create_table(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    digests = state.keep_rows(sent["table"]["rows"])
    return {"digest": state.keep_table(digests, sent["table"].get("expected_digest")), "row_digests": digests}


def _table_of_rows(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {"digest": state.keep_table(sent["row_digests"], sent.get("expected_digest"))}


def _update_table(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    digests = list(state.tables[sent["base_digest"]])
    changed: list[str] = []
    for update in sent["updates"]:
        ((kind, of),) = update.items()
        if kind == "pop":
            changed.append(digests.pop(of["index"]))
            continue
        (digest,) = state.keep_rows([of["row"]])
        digests.insert(of.get("index", len(digests)), digest)
        changed.append(digest)
    return {"digest": state.keep_table(digests), "updated_row_digests": changed}


def _query_table(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    digests = _rows_of(state, sent["digest"])
    wanted = (sent.get("filter") or {}).get("row_digests")
    rows = [
        {"digest": digest, "val": state.rows[digest], "original_index": place}
        for place, digest in enumerate(digests)
        if not wanted or digest in wanted
    ]
    return {"rows": page(rows, sent)}


def _rows_of(state: WeaveState, digest: str) -> list[str]:
    if digest not in state.tables:
        raise RefusedError(404, f"no table {digest}")
    return state.tables[digest]


def _table_stats(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    tables = [{"digest": digest, "count": len(_rows_of(state, digest))} for digest in sent.get("digests") or ()]
    return {"tables": tables} if "digests" in sent else {"count": len(_rows_of(state, sent["digest"]))}


def _create_feedback(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    own = {"id": str(UUID(int=len(state.feedback) + 1)), "created_at": now(), "wb_user_id": "user:tester"}
    kept = {**sent, **{name: sent.get(name) or value for name, value in own.items()}}
    state.feedback.append(kept)
    return {name: kept[name] for name in ("id", "created_at", "wb_user_id", "payload")}


def _query_feedback(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    kept = [each for each in state.feedback if each["project_id"] == sent["project_id"]]
    rows = where(kept, sent.get("query"))
    return {"result": page(rows, sent), "total_count": len(rows)}


def _purge_feedback(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    gone = where(state.feedback, sent.get("query"))
    state.feedback = [each for each in state.feedback if each not in gone]
    return {}


def _create_costs(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    ids = []
    for llm_id, prices in sent["costs"].items():
        cost = {"id": str(UUID(int=len(state.costs) + 1)), "llm_id": llm_id, "project_id": sent["project_id"], **prices}
        state.costs.append(cost)
        ids.append([cost["id"], llm_id])
    return {"ids": ids}


def _query_costs(state: WeaveState, sent: Mapping[str, Any]) -> dict[str, Any]:
    kept = [each for each in state.costs if each["project_id"] == sent["project_id"]]
    return {"results": page(where(kept, sent.get("query")), sent)}


ROUTES: dict[str, Callable[[WeaveState, Mapping[str, Any]], dict[str, Any]]] = {
    "/call/start": _start,
    "/call/end": _end,
    "/calls/complete": _complete,
    "/call/upsert_batch": _batch,
    "/call/read": _read_call,
    "/call/update": _update_call,
    "/calls/delete": _delete_calls,
    "/calls/query_stats": lambda state, sent: {"count": len(select_calls(state, sent))},
    "/obj/create": _create_object,
    "/obj/read": _read_object,
    "/objs/query": _query_objects,
    "/table/create": _create_table,
    "/table/create_from_digests": _table_of_rows,
    "/table/update": _update_table,
    "/table/query": _query_table,
    "/table/query_stats": _table_stats,
    "/table/query_stats_batch": _table_stats,
    "/refs/read_batch": lambda state, sent: {"vals": [read_ref(state, ref) for ref in sent["refs"]]},
    "/feedback/create": _create_feedback,
    "/feedback/batch/create": lambda state, sent: {"res": [_create_feedback(state, each) for each in sent["batch"]]},
    "/feedback/query": _query_feedback,
    "/feedback/purge": _purge_feedback,
    "/cost/create": _create_costs,
    "/cost/query": _query_costs,
}
