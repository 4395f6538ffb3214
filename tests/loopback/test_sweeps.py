"""Sweeps as the real agents and scheduler drive them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml

from loopback.clients import python, result_of, run
from loopback.server import LoopbackServer

AGENT = """
import json, wandb
from wandb.agents import pyagent
pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.1
config = {
    "method": "bayes",
    "metric": {"name": "objective", "goal": "maximize"},
    "run_cap": 4,
    "parameters": {"k": {"min": 1, "max": 10}, "lr": {"min": 0.1, "max": 0.9}, "kind": {"values": ["a", "b"]}},
}
sweep_id = wandb.sweep(config, entity="team", project="demo")

def trial():
    with wandb.init(settings=wandb.Settings(init_timeout=60)) as run:
        run.log({"objective": run.config["k"]})

wandb.agent(sweep_id, function=trial, entity="team", project="demo", count=4)
sweep = wandb.Api(timeout=60).sweep(f"team/demo/{sweep_id}")
print(json.dumps({
    "best": sweep.best_run().summary["objective"],
    "runs": sorted(run.id for run in sweep.runs),
    "expected": sweep.expected_run_count,
}))
"""

TRIAL = """
import wandb
with wandb.init(settings=wandb.Settings(init_timeout=60)) as run:
    run.log({"objective": run.config["k"]})
"""

STUDY = """
import optuna

def make_study(sweep):
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
"""

SCHEDULED_AGENT = """
import sys, wandb
from wandb.agents import pyagent
pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2

def trial():
    with wandb.init(settings=wandb.Settings(init_timeout=60)) as run:
        run.log({"objective": run.config["k"]})

wandb.agent(sys.argv[1], function=trial, entity="team", project="demo", count=2)
"""

COMMAND = ["${env}", "${interpreter}", "trial.py"]


def test_an_agent_runs_each_proposal_once_until_the_cap(server: LoopbackServer, hosted: dict[str, str]) -> None:
    printed = result_of(python(AGENT, hosted))
    (sweep,) = server.sweeps.values()
    canceled = run([sys.executable, "-m", "wandb", "sweep", "--cancel", f"team/demo/{sweep.id}"], hosted)
    assert (canceled.returncode, sweep.state) == (0, "CANCELED"), canceled.stderr
    values = [run.config["k"] for run in sweep.runs]
    assert [run.summary["objective"] for run in sweep.runs] == values
    assert {run.state for run in sweep.runs} == {"finished"}
    assert all(1 <= run.config["k"] <= 10 and 0.1 <= run.config["lr"] <= 0.9 for run in sweep.runs)
    assert len({json.dumps(run.config, sort_keys=True) for run in sweep.runs}) == 4
    assert printed == {"best": max(values), "runs": sorted(run.id for run in sweep.runs), "expected": 4}


def test_a_command_line_agent_runs_the_grid_and_is_told_to_exit(
    server: LoopbackServer, hosted: dict[str, str], tmp_path: Path
) -> None:
    sweep_config = {"name": "grid", "method": "grid", "command": COMMAND, "parameters": {"k": {"values": [3]}}}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep_config), encoding="utf-8")
    (tmp_path / "trial.py").write_text(TRIAL, encoding="utf-8")
    created = run([sys.executable, "-m", "wandb", "sweep", "--project", "demo", "sweep.yaml"], hosted)
    assert created.returncode == 0, created.stderr
    (sweep,) = server.sweeps.values()
    agent = run([sys.executable, "-m", "wandb", "agent", f"team/demo/{sweep.id}"], hosted)
    assert agent.returncode == 0, agent.stderr
    assert [(run.state, run.config, run.summary["objective"]) for run in sweep.runs] == [("finished", {"k": 3}, 3)]
    assert sweep.state == "FINISHED"


def test_a_scheduler_enqueues_what_an_agent_runs(
    server: LoopbackServer, hosted: dict[str, str], tmp_path: Path
) -> None:
    sweep_config = {
        "name": "scheduled",
        "run_cap": 2,
        "metric": {"name": "objective", "goal": "maximize"},
        "scheduler": {"engine": "optuna", "source": "study.py", "optimizer": "make_study"},
        "command": COMMAND,
        "parameters": {"k": {"min": 1, "max": 100}},
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep_config), encoding="utf-8")
    (tmp_path / "study.py").write_text(STUDY, encoding="utf-8")
    created = run([sys.executable, "-m", "wandb", "sweep", "--project", "demo", "sweep.yaml"], hosted)
    assert created.returncode == 0, created.stderr
    (sweep,) = server.sweeps.values()
    options = ["--batch-size", "2", "--poll-interval", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "wandb", "sweep-scheduler", *options, f"team/demo/{sweep.id}"],
        env=hosted,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as scheduler:
        try:
            agent = run([sys.executable, "-c", SCHEDULED_AGENT, sweep.id], hosted)
            said, _ = scheduler.communicate(timeout=120)
        finally:
            scheduler.kill()
    assert agent.returncode == 0, agent.stderr + agent.stdout
    assert scheduler.returncode == 0, said
    done = [run for run in sweep.runs if run.state == "finished"]
    assert [run.summary["objective"] for run in done] == [run.config["k"] for run in done]
    assert len(done) == 2
    assert sweep.state == "FINISHED"


@pytest.fixture
def sweep_id(server: LoopbackServer) -> str:
    sweep_config = {"method": "grid", "parameters": {"k": {"values": [1, 2]}}}
    sent = {"entityName": "team", "projectName": "demo", "config": yaml.safe_dump(sweep_config)}
    return ask(server, "upsertSweep", sent, "{ sweep { name } }")["sweep"]["name"]


def ask(server: LoopbackServer, field: str, sent: dict[str, object], wanted: str) -> dict[str, object]:
    query = f"mutation Asked($input: Input!) {{ {field}(input: $input) {wanted} }}"
    body = json.dumps({"query": query, "variables": {"input": sent}}).encode()
    request = Request(f"{server.url}/graphql", body, {"Authorization": f"Bearer {server.api_key}"})
    with urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"][field]


def heartbeat(server: LoopbackServer, agent: str, *live: str) -> list[dict[str, object]]:
    sent = {"id": agent, "metrics": "{}", "runState": json.dumps(dict.fromkeys(live, True))}
    return json.loads(ask(server, "agentHeartbeat", sent, "{ commands }")["commands"])


def agent_of(server: LoopbackServer, sweep_id: str) -> str:
    sent = {"entityName": "team", "projectName": "demo", "sweep": sweep_id, "host": "here"}
    return ask(server, "createAgent", sent, "{ agent { id } }")["agent"]["id"]


def test_an_agent_with_a_live_run_gets_no_command(server: LoopbackServer, sweep_id: str) -> None:
    agent, other = agent_of(server, sweep_id), agent_of(server, sweep_id)
    (first,) = heartbeat(server, agent)
    (second,) = heartbeat(server, other)
    assert (first["args"], second["args"]) == ({"k": {"value": 1}}, {"k": {"value": 2}})
    server.sweeps[sweep_id].state = "FINISHED"
    assert heartbeat(server, agent, str(first["run_id"])) == []
    assert heartbeat(server, agent) == [{"type": "exit"}]


def test_a_run_its_agent_no_longer_reports_has_crashed(server: LoopbackServer, sweep_id: str) -> None:
    agent = agent_of(server, sweep_id)
    (first,) = heartbeat(server, agent)
    heartbeat(server, agent, str(first["run_id"]))
    assert server.runs[str(first["run_id"])].state == "pending"
    (second,) = heartbeat(server, agent)
    assert server.runs[str(first["run_id"])].state == "crashed"
    server.state.heartbeat_timeout_s = 0.0
    assert server.runs[str(second["run_id"])].state == "crashed"


def test_the_grid_goes_on_where_a_run_adds_to_its_config(server: LoopbackServer, sweep_id: str) -> None:
    agent = agent_of(server, sweep_id)
    (first,) = heartbeat(server, agent)
    server.runs[str(first["run_id"])].config_sent["revision"] = {"value": "abc"}
    server.runs[str(first["run_id"])].state = "finished"
    (second,) = heartbeat(server, agent)
    assert second["args"] == {"k": {"value": 2}}


def test_a_canceled_sweep_stops_its_runs_before_its_agents(server: LoopbackServer, sweep_id: str) -> None:
    agent = agent_of(server, sweep_id)
    (first,) = heartbeat(server, agent)
    server.sweeps[sweep_id].state = "CANCELED"
    assert heartbeat(server, agent, str(first["run_id"])) == [{"type": "stop", "run_id": first["run_id"]}]
    assert heartbeat(server, agent) == [{"type": "exit"}]


def test_what_the_server_does_not_know_is_a_problem_named_by_operation(sweep_id: str) -> None:
    from urllib.error import HTTPError

    with LoopbackServer() as server:
        with pytest.raises(HTTPError, match="400"):
            ask(server, "inventSomething", {}, "{ id }")
        (problem,) = server.problems
        assert "inventSomething" in problem
