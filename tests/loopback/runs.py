"""Runs as the clients read them back: nodes, history, files, filters, orders."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .filters import matches
from .graphql import Node, RefusedError, connection
from .state import USER, Project, Run, State


def run_node(state: State, run: Run, base_url: str) -> Node:
    from .artifacts import artifact_node
    from .nodes import project_node, user_node

    def files(
        names: Sequence[str] | None = None,
        first: int | None = None,
        after: str | None = None,
        pattern: str | None = None,
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
        "parquetHistory": lambda live_keys=None: {"parquetUrls": [], "liveData": run.history},
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
    run: Run, *, min_step: int | None = None, max_step: int | None = None, samples: int | None = None
) -> list[str]:
    rows = [
        row
        for row in run.history
        if (min_step is None or row.get("_step", 0) >= min_step)
        and (max_step is None or row.get("_step", 0) < max_step)
    ]
    return [json.dumps(row) for row in rows[: samples or len(rows)]]


def sampled(run: Run, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = spec.get("keys") or []
    low, high = spec.get("minStep", 0), spec.get("maxStep")
    rows = [row for row in run.history if all(name in row for name in keys)]
    rows = [row for row in rows if row.get("_step", 0) >= low and (high is None or row.get("_step", 0) < high)]
    return [{name: row[name] for name in keys} if keys else row for row in rows[: spec.get("samples", 500)]]


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
        raise RefusedError(404, f"run {entity}/{project_name}/{name} not found")
    return run


def select_runs(project: Project, filters: str | None, order: str | None) -> list[Run]:
    wanted = json.loads(filters) if filters else {}
    runs = [run for run in project.runs.values() if matches(wanted, partial(read_field, run))]
    for part in reversed((order or "").split(",")):
        name = part.strip().lstrip("+-")
        if name:
            runs.sort(key=lambda run: _sort_key(read_field(run, name)), reverse=part.strip().startswith("-"))
    return runs


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))


def read_field(run: Run, path: str) -> Any:
    """A field of a run by the name that filters and orders give it."""
    plain = {
        "name": run.id,
        "display_name": run.name,
        "displayName": run.name,
        "sweep": run.sweep and run.sweep.id,
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
    rest = rest.removesuffix(".value")
    for part in [rest] if rest in where else rest.split("."):
        where = where.get(part) if isinstance(where, Mapping) else None
    return where
