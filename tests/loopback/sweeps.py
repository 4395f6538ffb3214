"""Sweeps: registered, proposed from, handed to agents one run at a time, ended."""

from __future__ import annotations

import json
import random
import string
import time
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import yaml

from .graphql import Node, RefusedError, connection
from .proposals import draw, flatten, nest
from .state import ENTITY, TERMINAL, Agent, Run, State, Sweep, plain

OPEN = ("PENDING", "RUNNING")


def sweep_node(state: State, sweep: Sweep, base_url: str) -> Node:
    from .nodes import project_node
    from .runs import run_node

    def runs(first: int | None = None, after: str | None = None, **_: Any) -> Node:
        page = connection([run_node(state, run, base_url) for run in sweep.runs], first, after)
        return {**page, "__typename": "RunConnection"}

    return {
        "__typename": "Sweep",
        "id": sweep.node_id,
        "name": sweep.id,
        "displayName": sweep.name or sweep.config.get("name"),
        "method": sweep.config.get("method"),
        "state": sweep.state,
        "description": sweep.description,
        "config": sweep.config_yaml,
        "controller": sweep.controller,
        "controllerRunName": f"controller-{sweep.id}",
        "scheduler": sweep.scheduler,
        "createdAt": sweep.created_at,
        "updatedAt": sweep.created_at,
        "heartbeatAt": sweep.created_at,
        "earlyStopJobRunning": False,
        "bestLoss": best_loss(sweep),
        "runCount": len(sweep.runs),
        "runCountExpected": cap(sweep),
        "priorRunsFilters": sweep.prior_runs,
        "project": lambda: project_node(state, sweep.project, base_url),
        "runs": runs,
        "agents": lambda: connection([agent_node(agent) for agent in sweep.agents]),
        "agent": lambda agent_name: next((agent_node(each) for each in sweep.agents if each.id == agent_name), None),
    }


def agent_node(agent: Agent) -> Node:
    live = any(run.state not in TERMINAL for run in agent.runs)
    return {
        "__typename": "Agent",
        "id": agent.id,
        "name": agent.id,
        "host": agent.host,
        "state": "RUNNING" if live or not agent.told_to_exit else "FINISHED",
        "totalRuns": len(agent.runs),
        "createdAt": agent.created_at,
        "heartbeatAt": agent.created_at,
    }


def best_loss(sweep: Sweep) -> float | None:
    metric = sweep.config.get("metric") or {}
    values = [run.summary.get(metric.get("name")) for run in sweep.runs]
    finite = [value for value in values if isinstance(value, int | float)]
    if not finite:
        return None
    return max(finite) if metric.get("goal") == "maximize" else min(finite)


def upsert_sweep(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    sweep = sweep_by_node_id(state, sent.get("id")) if sent.get("id") else None
    if sent.get("id") and sweep is None:
        raise RefusedError(404, f"sweep {sent['id']} not found during upsertSweep")
    if sweep is None:
        entity = sent.get("entityName") or ENTITY
        project = state.project(entity, sent.get("projectName"), make=True)
        if project is None:
            raise RefusedError(404, f"entity {entity} not found during upsertSweep")
        config = yaml.safe_load(sent.get("config") or "")
        if not isinstance(config, dict) or "parameters" not in config or not {"method", "scheduler"} & config.keys():
            raise RefusedError(400, "invalid sweep config: parameters and method are required")
        name = "".join(random.Random(f"sweep {state.number()}").choices(string.ascii_lowercase + string.digits, k=8))
        sweep = project.sweeps[name] = Sweep(name, project, sent["config"], config)
        for run_id in _prior(sent.get("priorRunsFilters")):
            if run_id in project.runs:
                project.runs[run_id].sweep = sweep
                sweep.runs.append(project.runs[run_id])
    elif sent.get("config"):
        sweep.config_yaml, sweep.config = sent["config"], yaml.safe_load(sent["config"])
    for theirs, ours in {"displayName": "name", "description": "description"}.items():
        if sent.get(theirs):
            setattr(sweep, ours, sent[theirs])
    sweep.controller = sent.get("controller") or sweep.controller
    sweep.scheduler = sent.get("scheduler") or sweep.scheduler
    sweep.prior_runs = sent.get("priorRunsFilters") or sweep.prior_runs
    sweep.state = sent.get("state") or sweep.state
    return {"sweep": sweep_node(state, sweep, base_url), "configValidationWarnings": []}


def _prior(filters: str | None) -> list[str]:
    return [each["name"] for each in json.loads(filters)["$or"]] if filters else []


def sweep_by_node_id(state: State, node_id: str) -> Sweep | None:
    parts = node_id.split(":")
    project = state.project(parts[1], parts[2]) if len(parts) == 4 and parts[0] == "sweep" else None
    return project.sweeps.get(parts[3]) if project else None


def create_agent(state: State, sent: Mapping[str, Any]) -> Node:
    project = state.project(sent.get("entityName"), sent.get("projectName"))
    sweep = project.sweeps.get(sent["sweep"]) if project else None
    if sweep is None:
        raise RefusedError(404, f"could not find sweep {sent['sweep']} during createAgent")
    agent = Agent(f"agent{state.number()}", sweep, sent["host"])
    state.agents[agent.id] = agent
    sweep.agents.append(agent)
    return {"agent": agent_node(agent)}


def heartbeat(state: State, sent: Mapping[str, Any]) -> Node:
    agent = state.agents.get(sent["id"])
    if agent is None or agent.sweep.id not in agent.sweep.project.sweeps:
        raise RefusedError(404, f"could not find agent {sent['id']} during agentHeartbeat")
    agent.heard_s = time.monotonic()
    live = set(json.loads(sent.get("runState") or "{}"))
    for run in agent.runs:
        if run.id in live:
            run.reported = True
        elif run.state not in TERMINAL:
            run.state = "crashed"
    return {"agent": agent_node(agent), "commands": json.dumps(_commands(state, agent, live))}


def _commands(state: State, agent: Agent, live: set[str]) -> list[dict[str, Any]]:
    sweep = agent.sweep
    mine = [run for run in agent.runs if run.id in live]
    stopped = [run for run in mine if run.stop_asked or sweep.state == "CANCELED"]
    if stopped:
        return [{"type": "stop", "run_id": run.id} for run in stopped]
    if live or sweep.state == "PAUSED":
        return []
    run = next_run(state, sweep) if sweep.state in OPEN else None
    if run is not None:
        sweep.state = "RUNNING"
        run.hear()
        agent.runs.append(run)
        return [{"type": "run", "run_id": run.id, "args": _args(run), "program": sweep.config.get("program", "")}]
    if sweep.state in OPEN and scheduled(sweep):
        return []
    if sweep.state in OPEN and all(each.state in TERMINAL for each in sweep.runs):
        sweep.state = "FINISHED"
    agent.told_to_exit = True
    return [{"type": "exit"}]


def _args(run: Run) -> dict[str, Any]:
    return {name: spec for name, spec in run.config_sent.items() if name != "_wandb"}


def scheduled(sweep: Sweep) -> bool:
    """Whether a scheduler outside the server proposes the runs."""
    return "scheduler" in sweep.config or bool(sweep.scheduler)


def cap(sweep: Sweep) -> int | None:
    if sweep.config.get("run_cap"):
        return int(sweep.config["run_cap"])
    if sweep.config.get("method") != "grid":
        return None
    return len(_grid(sweep))


def next_run(state: State, sweep: Sweep) -> Run | None:
    """The run that an agent gets next; None when the sweep has no more."""
    if scheduled(sweep):
        return sweep.waiting.pop(0) if sweep.waiting else None
    limit = cap(sweep)
    if limit is not None and len(sweep.runs) >= limit:
        return None
    proposed = propose(sweep)
    return None if proposed is None else make_run(state, sweep, proposed)


def make_run(state: State, sweep: Sweep, values: Mapping[str, Any], name: str | None = None) -> Run:
    project = sweep.project
    run_id = f"{sweep.id[:4]}{state.number():04d}"
    run = project.runs[run_id] = Run(run_id, project, len(project.runs) + 1, sweep=sweep)
    run.name = name or f"sweep-run-{len(sweep.runs) + 1}"
    run.config_sent = {name: {"value": value} for name, value in values.items()}
    sweep.runs.append(run)
    return run


def enqueue_run(state: State, sent: Mapping[str, Any]) -> Node:
    sweep = sweep_by_node_id(state, sent["id"])
    if sweep is None:
        raise RefusedError(404, f"sweep {sent['id']} not found during enqueueSweepRun")
    run = make_run(state, sweep, plain(json.loads(sent["config"])), sent.get("displayName"))
    sweep.waiting.append(run)
    return {"id": run.id, "runQueueItemId": run.id}


def propose(sweep: Sweep) -> dict[str, Any] | None:
    """The next values: the grid in order, or a seeded draw that avoids repeats while any other is left."""
    asked = sweep.config["parameters"]
    taken = {json.dumps({k: v for k, v in run.config.items() if k in asked}, sort_keys=True) for run in sweep.runs}
    if sweep.config.get("method") == "grid":
        left = [values for values in _grid(sweep) if json.dumps(values, sort_keys=True) not in taken]
        return left[0] if left else None
    draws = random.Random(f"{sweep.config_yaml}:{len(sweep.runs)}")
    specs = flatten(sweep.config["parameters"])
    for _ in range(100):
        values = nest({path: draw(spec, draws) for path, spec in specs.items()})
        if json.dumps(values, sort_keys=True) not in taken:
            break
    return values


def _grid(sweep: Sweep) -> Sequence[dict[str, Any]]:
    specs = flatten(sweep.config["parameters"])
    if any("value" not in spec and "values" not in spec for spec in specs.values()):
        raise RefusedError(400, "invalid sweep config: method grid needs value or values for each parameter")
    choices = [spec.get("values", [spec.get("value")]) for spec in specs.values()]
    return [nest(dict(zip(specs, values, strict=True))) for values in product(*choices)]
