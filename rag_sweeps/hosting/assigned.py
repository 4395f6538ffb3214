"""One trial under `wandb agent`: the run that the environment names, measured and sent by this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rag_sweeps.errors import InputError
from rag_sweeps.hosting.agent import free_baseline, run_taken
from rag_sweeps.hosting.hosted_log import take_asked, take_waiting
from rag_sweeps.hosting.opening import open_work
from rag_sweeps.hosting.work import Work, release
from rag_sweeps.protocols import Progress
from rag_sweeps.sweep import Event

CONFIG_QUERY = """
query RunConfig($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { name config } }
}
"""
VARIABLES = ("WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH")


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an agent says to the process it starts. values: None where only the server has them."""

    sweep: str
    run_id: str
    values: Mapping[str, Any] | None


def take_assignment() -> Assignment | None:
    """Read it, and remove it: W&B's client would take every further run of this process for the assigned one."""
    sweep, run_id, path = (os.environ.pop(name, None) for name in VARIABLES)
    if not sweep or not run_id:
        return None
    values = _values(Path(path)) if path and Path(path).is_file() else None
    parts = (os.environ.get("WANDB_ENTITY"), os.environ.get("WANDB_PROJECT"), sweep)
    return Assignment("/".join(part for part in parts if part), run_id, values)


def run_assignment(assignment: Assignment, *, mode: str, progress: Progress) -> tuple[Work, Iterator[Event]]:
    """The assigned trial, then those baselines of the sweep that nobody ran yet."""
    work = open_work(assignment.sweep, mode=mode, progress=progress)
    return work, _events(work, assignment)


def _events(work: Work, assignment: Assignment) -> Iterator[Event]:
    values = assignment.values if assignment.values is not None else _values_on_server(work, assignment)
    taken = take_asked(work.sweep, work.hosted, work.log, assignment.run_id, values)
    if taken is None:
        taken = take_waiting(work.hosted, work.log)  # the run was preempted on this machine before
    while taken is not None:
        try:
            yield run_taken(work, taken, None)
        finally:
            release(work, taken.claim)
        taken = free_baseline(work)


def _values(path: Path) -> dict[str, Any]:
    return values_of(yaml.safe_load(path.read_text(encoding="utf-8")) or {})


def values_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    """W&B wraps each value of a config in a mapping."""
    return {name: spec["value"] for name, spec in plain.items() if isinstance(spec, dict) and "value" in spec}


def _values_on_server(work: Work, assignment: Assignment) -> dict[str, Any]:
    server = work.sender.server()
    where = {"project": server.address.project, "entity": server.address.entity, "name": assignment.run_id}
    answer = server.call(CONFIG_QUERY, where, what=f"show run {assignment.run_id}")
    run = ((answer or {}).get("project") or {}).get("run") or {}
    values = values_of(json.loads(run.get("config") or "{}"))
    if not values:
        raise InputError(f"run {assignment.run_id} has no config; start it through `wandb agent {work.hosted.path}`")
    return values
