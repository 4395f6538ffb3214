"""What an agent says to the server and what it is told: the two calls of W&B's own agents, each with a time limit."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag_sweeps.errors import InputError
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.tracking.server import Server

CREATE_AGENT = """
mutation CreateAgent($host: String!, $projectName: String, $entityName: String, $sweep: String!) {
  createAgent(input: {host: $host, projectName: $projectName, entityName: $entityName, sweep: $sweep}) { agent { id } }
}
"""
HEARTBEAT = """
mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {
  agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands }
}
"""


@dataclass(frozen=True, slots=True)
class Command:
    """run and resume: begin this run with these values. stop: end it. exit: the sweep has nothing more."""

    kind: Literal["run", "resume", "stop", "exit"]
    run_id: str = ""
    values: Mapping[str, Any] | None = None


def register_agent(hosted: HostedSweep, server: Server) -> str:
    """The agent's id. Raises InputError where the sweep is gone."""
    variables = {
        "host": socket.gethostname(),
        "projectName": hosted.address.project,
        "entityName": hosted.address.entity,
        "sweep": hosted.sweep,
    }
    answer = server.call(CREATE_AGENT, variables, what=f"find the sweep {hosted.path}")
    return str(answer["createAgent"]["agent"]["id"])


def heartbeat(agent: str, running: Iterable[str], hosted: HostedSweep, server: Server) -> list[Command]:
    """Say which runs are alive; what to do next."""
    variables = {"id": agent, "metrics": "{}", "runState": json.dumps(dict.fromkeys(running, True))}
    answer = server.call(HEARTBEAT, variables, what=f"find the sweep {hosted.path} again")
    return [_command(plain) for plain in json.loads(answer["agentHeartbeat"]["commands"] or "[]")]


def _command(plain: Mapping[str, Any]) -> Command:
    kind = plain.get("type")
    if kind not in ("run", "resume", "stop", "exit"):
        raise InputError(f"W&B sent the command {kind!r}, which this version does not know; update rag-sweeps")
    values = {name: spec["value"] for name, spec in (plain.get("args") or {}).items()}
    return Command(kind, str(plain.get("run_id") or ""), values)
