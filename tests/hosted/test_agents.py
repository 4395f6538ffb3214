"""Workers on one hosted sweep: several at once, killed, stopped, told to leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Cli, wait_until
from loopback.server import LoopbackServer

from hosted.runs import GRID, N_BASELINES, N_GRID, N_SMALL, PROVE, SMALL, assert_whole, baselines, trials

Write = Callable[..., Path]
Hosted = dict[str, str]
LARGE = {**GRID, "top_k": {"values": [1, 2, 3, 4, 5, 6, 7, 8]}} if PROVE else GRID
N_LARGE = 16 if PROVE else N_GRID


def register(path: Path, environment: Hosted) -> None:
    """As `wandb sweep` does it: the plain file, unchanged."""
    done = subprocess.run(
        ["wandb", "sweep", "-p", "mine", str(path)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_two_agents_share_a_sweep_and_run_nothing_twice(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    register(write_config(LARGE, method="grid"), hosted)
    (sweep,) = server.sweeps.values()
    agents = [cli.start("agent", f"team/mine/{sweep.id}", **hosted) for _ in range(2)]
    outputs = [agent.communicate(timeout=200) for agent in agents]
    assert [agent.returncode for agent in agents] == [0, 0], outputs
    assert len(trials(server)) == N_LARGE
    assert len(baselines(server)) == N_BASELINES
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
    cells = Counter((run.config["retriever"], run.config["top_k"]) for run in trials(server))
    assert set(cells.values()) == {1}
    assert server.sweeps[sweep.id].state == "FINISHED"
    assert len(json.loads(cli("results", "--json").out)["trials"]) == N_LARGE + N_BASELINES


def test_wandb_agent_needs_nothing_but_the_package(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    assert cli("sweep", write_config(SMALL, method="grid"), "--count", 1, **hosted).code == 0
    (sweep,) = server.sweeps.values()
    sweep.config["run_cap"], sweep.state = 2, "RUNNING"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**hosted, "RAG_SWEEPS_HOME": str(tmp_path / "other home")}
    done = subprocess.run(
        ["wandb", "agent", f"team/rag-sweeps/{sweep.id}"],
        env=environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert len(trials(server)) == 2
    assert len(baselines(server)) == N_BASELINES
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)


def test_machines_with_nothing_in_common_measure_one_sweep(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    path = write_config(SMALL, method="grid", run_cap=N_SMALL)
    assert cli("sweep", path, "--count", 1, **hosted).code == 0
    (sweep,) = server.sweeps
    server.sweeps[sweep].config["run_cap"] = N_SMALL
    elsewhere = {**hosted, "RAG_SWEEPS_HOME": str(tmp_path / "other home")}
    done = cli("agent", f"team/rag-sweeps/{sweep}", "--count", 2, **elsewhere)
    assert done.code == 0, done.err
    assert len(baselines(server)) == N_BASELINES
    assert "default" not in done.out, "the baselines were measured already"
    back = cli("sweep", path, "--count", N_SMALL, **hosted)
    assert back.code == 0, back.err
    assert len(trials(server)) == N_SMALL
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
    listed = json.loads(cli("results", "--json").out)["trials"]
    assert len(listed) == N_SMALL + N_BASELINES


def test_another_golden_set_under_the_same_name_is_refused(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    assert cli("sweep", write_config(SMALL, method="grid"), "--count", 1, **hosted).code == 0
    (sweep,) = server.sweeps.values()
    pinned = sweep.config["parameters"]["golden_set"]["value"]
    other = pinned.partition("@")[0] + "@" + "0" * 64
    sweep.config_yaml = sweep.config_yaml.replace(pinned, other)
    done = cli("agent", f"team/rag-sweeps/{sweep.id}", **{**hosted, "RAG_SWEEPS_HOME": str(tmp_path / "other")})
    assert done.code == 2
    assert "not 000000000000" in done.err


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_agent_loses_nothing(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, home: Path
) -> None:
    register(write_config(SMALL, method="grid"), hosted)
    (sweep,) = server.sweeps.values()
    path = f"team/mine/{sweep.id}"
    first = cli.start("agent", path, **hosted)
    wait_until(lambda: trials(server), "a trial was given out")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    done = cli("agent", path, **hosted)
    assert done.code == 0, done.err
    assert len(trials(server)) == N_SMALL
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
    assert not list((home / "pending").glob("*.json"))


SLOW = """
import sys, time
import rag_sweeps.hosting.pulse as pulse
import rag_sweeps.sweep as sweep
from rag_sweeps.__main__ import main

measure = sweep.measure

def slow(params, *arguments, **more):
    if params.top_k == 1:
        time.sleep(600)
    return measure(params, *arguments, **more)

pulse.PULSE_SECONDS, sweep.measure = 0.2, slow
sys.argv = ["rag-sweeps", "agent", *sys.argv[1:]]
main()
"""


@pytest.fixture
def slow_agent(
    server: LoopbackServer, hosted: Hosted, write_config: Write, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    """An agent in the middle of a trial that takes for ever."""
    register(write_config(SMALL, method="grid"), hosted)
    (sweep,) = server.sweeps
    (tmp_path / "slow.py").write_text(SLOW)
    agent = subprocess.Popen(
        [sys.executable, "slow.py", f"team/mine/{sweep}", "--count", "1"],
        env=hosted,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: [run for run in trials(server) if run.reported], "the trial runs")
        yield agent
    finally:
        agent.kill()
        print(*agent.communicate())


def test_a_run_stopped_on_wandb_ends_as_stopped(
    server: LoopbackServer, slow_agent: subprocess.Popen[str], home: Path
) -> None:
    (run,) = trials(server)
    run.stop_asked = True
    out, err = slow_agent.communicate(timeout=90)
    assert slow_agent.returncode == 1, out + err
    assert "stopped through W&B" in out
    assert run.state == "failed"
    assert run.summary["failure"] == "stopped through W&B"
    assert not run.history
    assert not list((home / "pending").glob("*.json"))


def test_a_machine_that_is_taken_away_leaves_its_run_to_the_next(
    server: LoopbackServer, hosted: Hosted, slow_agent: subprocess.Popen[str], cli: Cli
) -> None:
    (run,) = trials(server)
    slow_agent.send_signal(signal.SIGTERM)
    out, err = slow_agent.communicate(timeout=90)
    assert slow_agent.returncode == 130, out + err
    assert "1 trial was begun and not measured" in out
    assert run.state != "running"
    (sweep,) = server.sweeps
    done = cli("agent", f"team/mine/{sweep}", **hosted)
    assert done.code == 0, done.err
    assert len(trials(server)) == N_SMALL
    for each in (*trials(server), *baselines(server)):
        assert_whole(each)
