"""A server that fails in every way and workers that are killed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, wait_until
from loopback.server import LoopbackServer

from hosted.runs import GRID, N_BASELINES, PROVE, assert_whole, baselines, trials

Write = Callable[..., Path]
Hosted = dict[str, str]
N_TRIALS = 30 if PROVE else 6
CELLS = {**GRID, "top_k": {"values": list(range(1, N_TRIALS // 2 + 1))}}
KINDS = ("refuse", "unavailable", "stall", "rate_limit", "error", "lose_response")
MATCHES = ("/graphql", "file_stream", "/storage/", "Heartbeat", "UpsertBucket", "CommitArtifact", "RunSeen")
STORM_S = 20.0
MOST_KILLS = 8 if PROVE else 2
DEADLINE_S = 1500.0 if PROVE else 240.0


def measured(results: Any) -> Counter[tuple[str, str]]:
    """What a report rests on: every trial's id with its numbers."""
    return Counter(
        (trial["trial_id"], json.dumps(trial["metrics"]["objective"], sort_keys=True)) for trial in results["trials"]
    )


def test_each_kind_of_fault_and_a_killed_worker_cost_nothing(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, home: Path, tmp_path: Path
) -> None:
    path = write_config(CELLS, method="grid", run_cap=N_TRIALS)
    assert cli("sweep", path, WANDB_MODE="disabled", RAG_SWEEPS_HOME=str(tmp_path / "calm")).code == 0
    calm = cli("results", "--json", RAG_SWEEPS_HOME=str(tmp_path / "calm")).json
    assert cli("sweep", path, "--count", 1, **hosted).code == 0
    places = ("UpsertBucket", "Heartbeat", "file_stream", "RunSeen", "CommitArtifact", "UpsertBucket")
    for kind, match in zip(KINDS, places, strict=True):
        server.faults.add(kind, match=match, times=1, seconds=1.5)
    worker = cli.start("sweep", path, **hosted)
    wait_until(lambda: len(server.runs) >= 5 or worker.poll() is not None, "some runs are on the server")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=60)
    done = cli("sweep", path, timeout_s=300, **hosted)
    assert done.code == 0, done.err
    synced = cli("sync", **hosted)
    assert synced.code == 0, synced.err
    assert not list((home / "pending").glob("*.json"))
    whole = [run for run in trials(server) if "uploaded" in run.summary]
    for run in (*whole, *baselines(server)):
        assert_whole(run)
    stormy = cli("results", "--json").json
    assert set(measured(stormy)) == set(measured(calm))
    assert {run.config["trial_id"] for run in (*whole, *baselines(server))} == {each for each, _ in measured(calm)}


@pytest.mark.skipif(not PROVE, reason="takes minutes; RAG_SWEEPS_PROVE=1 runs it")
def test_every_fault_and_killed_workers_cost_nothing(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, home: Path, tmp_path: Path
) -> None:
    path = write_config(CELLS, method="grid", run_cap=N_TRIALS)
    assert cli("sweep", path, WANDB_MODE="disabled", RAG_SWEEPS_HOME=str(tmp_path / "calm")).code == 0
    calm = cli("results", "--json", RAG_SWEEPS_HOME=str(tmp_path / "calm")).json

    draws, until, n_killed, went_on_alone = random.Random(1), time.monotonic() + DEADLINE_S, 0, False
    while time.monotonic() < until:
        worker = cli.start("sweep", path, **hosted)
        harass(server, worker, draws, kill=n_killed < MOST_KILLS)
        out, err = worker.communicate(timeout=200)
        assert "Traceback" not in out + err, out + err
        n_killed += worker.returncode == -signal.SIGKILL
        went_on_alone = went_on_alone or "the search goes on here" in err
        if worker.returncode == 0 and n_killed == MOST_KILLS:
            break
    server.faults.clear()
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err
    synced = cli("sync", **hosted)
    assert synced.code == 0, synced.err

    assert not list((home / "pending").glob("*.json"))
    assert len(server.sweeps) == 1
    whole = [run for run in trials(server) if "uploaded" in run.summary]
    assert len(baselines(server)) == N_BASELINES
    for run in (*whole, *baselines(server)):
        assert_whole(run)
    stormy = cli("results", "--json").json
    assert set(measured(stormy)) == set(measured(calm))
    assert {trial["state"] for trial in stormy["trials"]} == {"finished"}
    assert {run.config["trial_id"] for run in (*whole, *baselines(server))} == {each for each, _ in measured(calm)}
    cells = Counter((run.config["retriever"], run.config["top_k"]) for run in whole)
    if not went_on_alone:  # else this machine and the server each proposed, and may have proposed the same
        assert set(cells.values()) == {1}
        assert len(cells) == N_TRIALS


@pytest.mark.skipif(not PROVE, reason="takes two minutes; RAG_SWEEPS_PROVE=1 runs it")
def test_a_server_that_hangs_costs_seconds_a_trial(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    path = write_config(CELLS, method="grid", run_cap=6)
    assert cli("sweep", path, "--count", 1, **hosted).code == 0
    server.faults.add("stall", times=100_000, seconds=300)
    worker = cli.start("sweep", path, "--count", 6, **hosted)
    assert worker.stdout is not None
    began = last = time.monotonic()
    for line in worker.stdout:
        print(f"{time.monotonic() - began:.1f}", line, end="")
        last = time.monotonic()
    _, err = worker.communicate(timeout=90)
    assert worker.returncode == 0, err
    assert time.monotonic() - last < 30
    assert time.monotonic() - began < 60 + 6 * 20
    server.faults.clear()
    synced = cli("sync", **hosted)
    assert synced.code == 0, synced.err
    for run in (*trials(server), *baselines(server)):
        if "uploaded" in run.summary:
            assert_whole(run)
    assert sum("uploaded" in run.summary for run in trials(server)) == 6


def harass(server: LoopbackServer, worker: subprocess.Popen[str], draws: random.Random, *, kill: bool) -> None:
    """A new fault every moment, and SIGKILL after a while."""
    kill_after = draws.uniform(4, 12) if kill else float("inf")
    wait_until(lambda: server.sweeps or worker.poll() is not None, "the sweep is registered")
    began = time.monotonic()
    while worker.poll() is None:
        if time.monotonic() - began > kill_after:
            os.killpg(worker.pid, signal.SIGKILL)
            return
        if time.monotonic() - began < STORM_S:
            kind = draws.choice(KINDS)
            server.faults.add(kind, match=draws.choice(MATCHES), times=draws.choice((1, 1, 3)), seconds=1.5)
        else:
            server.faults.clear()
        time.sleep(0.7)
