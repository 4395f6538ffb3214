"""One trial under `wandb agent`: the run that the environment names, measured and sent by this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rag_sweeps.errors import InputError
from rag_sweeps.hosting.agent import Work, run_taken
from rag_sweeps.hosting.hosted_log import take_asked, take_baseline, take_waiting
from rag_sweeps.hosting.opening import open_work
from rag_sweeps.protocols import Progress
from rag_sweeps.sweep import Event
from rag_sweeps.tracking.server import translated

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
            taken.claim.release()
        taken = take_baseline(work.sweep, work.hosted, work.log)


def _values(path: Path) -> dict[str, Any]:
    plain = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {name: spec["value"] for name, spec in plain.items() if isinstance(spec, dict) and "value" in spec}


def _values_on_server(work: Work, assignment: Assignment) -> dict[str, Any]:
    with translated(f"show run {assignment.run_id}"):
        config = dict(work.sender.server().api.run(f"{work.hosted.address}/{assignment.run_id}").config)
    if not config:
        raise InputError(f"run {assignment.run_id} has no config; start it through `wandb agent {work.hosted.path}`")
    return config
