"""Runs: created and resumed through UpsertBucket, filled through file_stream, read back by the public Api."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .graphql import Node, Refused, connection
from .state import ENTITY, TERMINAL, USER, Project, Run, State


def run_node(state: State, run: Run, base_url: str) -> Node:
    from .artifacts import artifact_node
    from .nodes import project_node, user_node

    def files(
        names: Sequence[str] | None = None, first: int | None = None, after: str | None = None, pattern: str | None = None
    ) -> Node:
        wanted = [name for name in sorted(run.files) if not names or name in names]
        if pattern:
            wanted = [name for name in wanted if name.startswith(pattern.rstrip("%"))]
        return connection([file_node(run, name, base_url) for name in wanted], first, after)

    def artifacts(kind: str) -> Any:
        def page(first: int | None = None, after: str | None = None, **_: Any) -> Node:
            kept = run.logged_artifacts if kind == "logged" else run.used_artifacts
            return connection([artifact_node(state, each, base_url) for each in kept], first, after)

        return page

    return {
        "__typename": "Run",
        "id": run.node_id,
        "name": run.id,
        "displayName": run.name,
        "description": run.description,
        "notes": run.notes,
        "tags": run.tags,
        "group": run.group,
        "groupName": run.group,
        "jobType": run.job_type,
        "commit": run.commit,
        "host": run.host,
        "state": run.state,
        "config": lambda: json.dumps(run.config_sent),
        "wandbConfig": lambda keys=None: json.dumps(run.config_sent.get("_wandb", {}).get("value", {})),
        "summaryMetrics": lambda: json.dumps(run.summary_sent),
        "systemMetrics": "{}",
        "sweepName": run.sweep.id if run.sweep else None,
        "sweep": lambda: None if run.sweep is None else {"name": run.sweep.id, "id": run.sweep.node_id},
        "agent": None,
        "createdAt": run.created_at,
        "heartbeatAt": run.heartbeat_at,
        "updatedAt": run.heartbeat_at,
        "readOnly": False,
        "projectId": run.project.number,
        "project": lambda: project_node(state, run.project, base_url),
        "user": lambda: user_node(),
        "exitcode": run.exit_code,
        "shouldStop": run.stop_asked,
        "stopped": run.stop_asked,
        "failed": run.state in ("failed", "crashed"),
        "running": run.state == "running",
        "runInfo": {"program": run.program, "args": [], "os": "", "python": "", "codePath": None},
        "historyLineCount": len(run.history_lines),
        "eventsLineCount": len(run.event_lines),
        "logLineCount": len(run.output_lines),
        "historyTail": lambda: json.dumps(run.history_lines[-1:]),
        "eventsTail": lambda: json.dumps(run.event_lines[-1:]),
        "historyKeys": lambda: history_keys(run),
        "history": lambda **asked: history_lines(run, **asked),
        "events": lambda **_: list(run.event_lines),
        # One value stands for a list of one, as GraphQL coerces it.
        "sampledHistory": lambda specs: [
            sampled(run, json.loads(spec)) for spec in ([specs] if isinstance(specs, str) else specs)
        ],
        "parquetHistory": lambda liveKeys=None: {"parquetUrls": [], "liveData": run.history},
        "fileCount": len(run.files),
        "files": files,
        "outputArtifacts": artifacts("logged"),
        "inputArtifacts": artifacts("used"),
    }


def file_node(run: Run, name: str, base_url: str) -> Node:
    url = f"{base_url}/storage/run/{run.project.entity}/{run.project.name}/{run.id}/{name}"
    return {
        "__typename": "File",
        "id": f"file:{run.node_id}:{name}",
        "name": name,
        "url": lambda upload=None: url,
        "directUrl": url,
        "sizeBytes": str(len(run.files[name])),
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "updatedAt": run.heartbeat_at,
        "md5": None,
    }


def history_keys(run: Run) -> dict[str, Any] | None:
    rows = run.history
    if not rows:
        return None
    names = sorted({name for row in rows for name in row})
    steps = [row.get("_step", place) for place, row in enumerate(rows)]
    keys = {name: {"typeCounts": [{"type": "number", "count": len(rows)}], "monotonic": False} for name in names}
    return {"sets": [], "keys": keys, "lastStep": max(steps)}


def history_lines(
    run: Run, *, minStep: int | None = None, maxStep: int | None = None, samples: int | None = None
) -> list[str]:
    rows = [
        row
        for row in run.history
        if (minStep is None or row.get("_step", 0) >= minStep) and (maxStep is None or row.get("_step", 0) < maxStep)
    ]
    return [json.dumps(row) for row in rows[: samples or len(rows)]]


def sampled(run: Run, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = spec.get("keys") or []
    low, high = spec.get("minStep", 0), spec.get("maxStep")
    rows = [row for row in run.history if all(name in row for name in keys)]
    rows = [row for row in rows if row.get("_step", 0) >= low and (high is None or row.get("_step", 0) < high)]
    return [{name: row[name] for name in keys} if keys else row for row in rows[: spec.get("samples", 500)]]


def upsert_bucket(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    entity = sent.get("entityName") or ENTITY
    run = run_by_node_id(state, sent.get("id"))
    inserted = False
    if run is None:
        project = state.project(entity, sent.get("modelName"), make=True)
        if project is None:
            raise Refused(404, f"entity {entity} not found during upsertBucket")
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


def run_by_node_id(state: State, node_id: str | None) -> Run | None:
    if not node_id:
        return None
    parts = node_id.split(":")
    if parts[0] != "run" or len(parts) != 4:
        return None
    project = state.project(parts[1], parts[2])
    return project.runs.get(parts[3]) if project else None


def find_run(state: State, entity: str | None, project_name: str | None, name: str) -> Run:
    project = state.project(entity, project_name)
    run = project.runs.get(name) if project else None
    if run is None:
        raise Refused(404, f"run {entity}/{project_name}/{name} not found")
    return run


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


def select_runs(project: Project, filters: str | None, order: str | None) -> list[Run]:
    wanted = json.loads(filters) if filters else {}
    runs = [run for run in project.runs.values() if matches(run, wanted)]
    for part in reversed((order or "").split(",")):
        name = part.strip().lstrip("+-")
        if name:
            runs.sort(key=lambda run: _sort_key(_read(run, name)), reverse=part.strip().startswith("-"))
    return runs


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))


def matches(run: Run, filters: Mapping[str, Any]) -> bool:
    """MongoDB's filters, as the clients send them."""
    return all(_holds(run, name, wanted) for name, wanted in filters.items())


def _holds(run: Run, name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(matches(run, each) for each in wanted)
    if name == "$or":
        return any(matches(run, each) for each in wanted)
    value = _read(run, name)
    values = value if isinstance(value, list) else [value]
    if not isinstance(wanted, Mapping):
        return wanted in values
    tests = {
        "$in": lambda to: any(each in to for each in values),
        "$nin": lambda to: not any(each in to for each in values),
        "$ne": lambda to: to not in values,
        "$eq": lambda to: to in values,
        "$gt": lambda to: value is not None and value > to,
        "$gte": lambda to: value is not None and value >= to,
        "$lt": lambda to: value is not None and value < to,
        "$lte": lambda to: value is not None and value <= to,
        "$exists": lambda to: (value is not None) == to,
    }
    return all(tests[test](to) for test, to in wanted.items())


def _read(run: Run, path: str) -> Any:
    aliases = {"display_name": run.name, "displayName": run.name, "name": run.id, "sweep": run.sweep and run.sweep.id}
    plain = {
        **aliases,
        "state": run.state,
        "group": run.group,
        "jobType": run.job_type,
        "job_type": run.job_type,
        "tags": run.tags,
        "username": USER,
        "created_at": run.created_at,
        "createdAt": run.created_at,
        "heartbeat_at": run.heartbeat_at,
        "heartbeatAt": run.heartbeat_at,
    }
    if path in plain:
        return plain[path]
    head, _, rest = path.partition(".")
    where: Any = run.summary_sent if head in ("summary_metrics", "summaryMetrics") else run.config
    for part in _steps(rest.removesuffix(".value"), where):
        where = where.get(part) if isinstance(where, Mapping) else None
    return where


def _steps(path: str, where: Any) -> Iterator[str]:
    if isinstance(where, Mapping) and path in where:
        return iter([path])
    return iter(path.split("."))


def seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()
