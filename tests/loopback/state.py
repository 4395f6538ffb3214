"""What the server holds: projects with runs, sweeps, artifacts, reports, Weave calls. Tests read these objects."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .artifact_state import Artifact, Collection
from .clock import now

ENTITY = "team"
USER = "tester"
ORGANIZATION = "org"
ORG_ENTITY = "org-entity"
REGISTRY_PREFIX = "wandb-registry-"
ENTITIES = (ENTITY, USER, ORG_ENTITY)

TERMINAL = ("finished", "failed", "crashed", "killed")


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """W&B's `{"name": {"value": …}}` -> `{"name": …}`, without W&B's own entries."""
    return {
        name: spec["value"] if isinstance(spec, dict) and "value" in spec else spec
        for name, spec in config.items()
        if name not in ("_wandb", "wandb_version")
    }


@dataclass(slots=True, eq=False, repr=False)
class Run:
    """A run; `id` is what the client calls its id, `name` its display name."""

    id: str
    project: Project
    number: int
    name: str = ""
    state: str = "pending"
    config_sent: dict[str, Any] = field(default_factory=dict)
    summary_sent: dict[str, Any] = field(default_factory=dict)
    history_lines: list[str] = field(default_factory=list)
    event_lines: list[str] = field(default_factory=list)
    output_lines: dict[int, str] = field(default_factory=dict)
    group: str | None = None
    job_type: str | None = None
    notes: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    host: str | None = None
    program: str | None = None
    commit: str | None = None
    sweep: Sweep | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    logged_artifacts: list[Artifact] = field(default_factory=list)
    used_artifacts: list[Artifact] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    stop_asked: bool = False
    reported: bool = False
    created_at: str = field(default_factory=now)
    heartbeat_at: str = field(default_factory=now)
    heard_s: float = field(default_factory=time.monotonic)

    def __repr__(self) -> str:
        return f"<run {self.id} {self.state} {self.config} {self.summary}>"

    @property
    def config(self) -> dict[str, Any]:
        return plain(self.config_sent)

    @property
    def summary(self) -> dict[str, Any]:
        return {name: value for name, value in self.summary_sent.items() if name != "_wandb"}

    @property
    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.history_lines]

    @property
    def node_id(self) -> str:
        return f"run:{self.project.entity}:{self.project.name}:{self.id}"

    def hear(self) -> None:
        self.heard_s = time.monotonic()
        self.heartbeat_at = now()


@dataclass(slots=True, eq=False, repr=False)
class Agent:
    id: str
    sweep: Sweep
    host: str
    runs: list[Run] = field(default_factory=list)
    heard_s: float = field(default_factory=time.monotonic)
    created_at: str = field(default_factory=now)
    told_to_exit: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Sweep:
    """A sweep; `waiting` holds runs that a scheduler enqueued and no agent took yet."""

    id: str
    project: Project
    config_yaml: str
    config: dict[str, Any]
    state: str = "PENDING"
    name: str | None = None
    description: str | None = None
    controller: str | None = None
    scheduler: str | None = None
    runs: list[Run] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    waiting: list[Run] = field(default_factory=list)
    prior_runs: str | None = None
    created_at: str = field(default_factory=now)

    def __repr__(self) -> str:
        return f"<sweep {self.id} {self.state} {self.runs}>"

    @property
    def node_id(self) -> str:
        return f"sweep:{self.project.entity}:{self.project.name}:{self.id}"


@dataclass(slots=True, eq=False, repr=False)
class Report:
    id: str
    project: Project
    name: str
    display_name: str = ""
    description: str = ""
    type: str = "runs"
    spec: dict[str, Any] = field(default_factory=dict)
    saves: int = 0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(slots=True, eq=False, repr=False)
class Project:
    entity: str
    name: str
    number: int
    runs: dict[str, Run] = field(default_factory=dict)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    created_at: str = field(default_factory=now)

    @property
    def node_id(self) -> str:
        return f"project:{self.entity}:{self.name}"


class State:
    """Everything, guarded by one lock; `heartbeat_timeout_s` is how long a silent run or agent is taken to live."""

    def __init__(self, *, heartbeat_timeout_s: float) -> None:
        self.lock = threading.RLock()
        self.heartbeat_timeout_s = heartbeat_timeout_s
        self.projects: dict[tuple[str, str], Project] = {}
        self.agents: dict[str, Agent] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.blobs: dict[str, bytes] = {}
        self.client_ids: dict[str, str] = {}
        self.registry: list[tuple[str, str, Artifact]] = []
        self._numbers = count(1)

    def number(self) -> int:
        return next(self._numbers)

    def project(self, entity: str | None, name: str | None, *, make: bool = False) -> Project | None:
        key = (entity or ENTITY, name or "uncategorized")
        if make and key[0] in ENTITIES and key not in self.projects:
            self.projects[key] = Project(key[0], key[1], self.number(), blobs=self.blobs)
        return self.projects.get(key)

    def runs(self) -> Iterator[Run]:
        for project in list(self.projects.values()):
            yield from list(project.runs.values())

    def collections(self) -> Iterator[Collection]:
        for project in list(self.projects.values()):
            yield from list(project.collections.values())

    def expire(self) -> None:
        """Runs that nobody has been heard of for too long have crashed."""
        oldest_s = time.monotonic() - self.heartbeat_timeout_s
        owners = {id(run): agent for agent in self.agents.values() for run in agent.runs}
        for run in self.runs():
            owner = owners.get(id(run))
            alive_s = max(run.heard_s, owner.heard_s if owner and run.state == "pending" else 0.0)
            if run.state in ("pending", "running") and not _queued(run) and alive_s < oldest_s:
                run.state = "crashed"


def _queued(run: Run) -> bool:
    return run.sweep is not None and run in run.sweep.waiting
