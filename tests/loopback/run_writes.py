"""What clients change about runs: UpsertBucket creates and resumes them, file_stream fills and ends them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .graphql import Node, RefusedError
from .runs import find_run, run_by_node_id, run_node
from .state import ENTITY, TERMINAL, Run, State


def upsert_bucket(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    entity = sent.get("entityName") or ENTITY
    run = run_by_node_id(state, sent.get("id"))
    inserted = False
    if run is None:
        project = state.project(entity, sent.get("modelName"), make=True)
        if project is None:
            raise RefusedError(404, f"entity {entity} not found during upsertBucket")
        name = sent.get("name") or f"run{state.number():05d}"
        run = project.runs.get(name)
        inserted = run is None
        if run is None:
            run = project.runs[name] = Run(name, project, len(project.runs) + 1, name=f"run-{len(project.runs) + 1}")
    run.hear()
    if run.state in ("pending", "crashed") or (sent.get("host") and run.state in TERMINAL):
        run.state = "running"
    _assign(run, sent)
    if sent.get("sweep"):
        _join(run, run.project.sweeps.get(sent["sweep"]))
    return {"__typename": "UpsertBucketPayload", "bucket": run_node(state, run, base_url), "inserted": inserted}


def _assign(run: Run, sent: Mapping[str, Any]) -> None:
    names = {
        "displayName": "name",
        "notes": "notes",
        "description": "description",
        "groupName": "group",
        "jobType": "job_type",
        "tags": "tags",
        "host": "host",
        "jobProgram": "program",
        "commit": "commit",
        "state": "state",
    }
    for theirs, ours in names.items():
        if sent.get(theirs) is not None:
            setattr(run, ours, sent[theirs])
    if sent.get("config"):
        run.config_sent = {**run.config_sent, **json.loads(sent["config"])}
    if sent.get("summaryMetrics"):
        run.summary_sent = json.loads(sent["summaryMetrics"])


def _join(run: Run, sweep: Any) -> None:
    if sweep is None:
        return
    run.sweep = sweep
    if run not in sweep.runs:
        sweep.runs.append(run)


def file_stream(run: Run, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Apply one file_stream request: lines by offset, the whole summary, exit code when complete."""
    run.hear()
    if run.state in ("pending", "crashed") and not sent.get("complete"):
        run.state = "running"
    for name, chunk in (sent.get("files") or {}).items():
        content, offset = list(chunk.get("content") or ()), int(chunk.get("offset") or 0)
        if name == "wandb-history.jsonl":
            run.history_lines[offset : offset + len(content)] = content
        elif name == "wandb-events.jsonl":
            run.event_lines[offset : offset + len(content)] = content
        elif name == "wandb-summary.json" and content:
            run.summary_sent = json.loads(content[-1])
        elif name == "output.log":
            run.output_lines.update({offset + place: line for place, line in enumerate(content)})
    if sent.get("complete"):
        run.exit_code = int(sent.get("exitcode") or 0)
        run.state = "finished" if run.exit_code == 0 else "failed"
    return {"exitcode": None, "limits": {}, "stopped": run.stop_asked}


def create_files(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    run = find_run(state, sent["entityName"], sent["projectName"], sent["runName"])
    path = f"{base_url}/storage/run/{run.project.entity}/{run.project.name}/{run.id}"
    files = [{"name": name, "uploadUrl": f"{path}/{name}"} for name in sent["files"]]
    return {"runID": run.node_id, "uploadHeaders": [], "files": files}


def delete(state: State, sent: Mapping[str, Any]) -> Node:
    run = run_by_node_id(state, sent["id"])
    if run is None:
        raise RefusedError(404, f"run {sent['id']} not found during deleteRun")
    del run.project.runs[run.id]
    if run.sweep is not None and run in run.sweep.runs:
        run.sweep.runs.remove(run)
    return {"success": True, "clientMutationId": None}


def stop(state: State, sent: Mapping[str, Any]) -> Node:
    run = run_by_node_id(state, sent["id"])
    if run is None:
        raise RefusedError(404, f"run {sent['id']} not found during stopRun")
    run.stop_asked = True
    return {"success": True}


def alert(state: State, sent: Mapping[str, Any]) -> Node:
    run = find_run(state, sent["entityName"], sent["projectName"], sent["runName"])
    run.alerts.append(json.loads(json.dumps(dict(sent))))
    return {"success": True}
