"""What is wrong with a login, a name or a server is said once, within seconds, and never asked about."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Cli
from loopback.server import LoopbackServer

from hosted.runs import N_BASELINES, N_SMALL, SMALL, assert_whole, baselines, trials
from rag_sweeps.parameters import NAMES
from rag_sweeps.tracking.pending import PendingRun
from rag_sweeps.tracking.server import Address
from rag_sweeps.tracking.wandb_runs import RunPlace

Write = Callable[..., Path]
Hosted = dict[str, str]
WRONG_KEY = "f" * 40
SOON_SECONDS = 60.0


def test_a_wrong_key_is_refused(server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli) -> None:
    began = time.monotonic()
    done = cli("sweep", write_config(SMALL, run_cap=2), **{**hosted, "WANDB_API_KEY": WRONG_KEY})
    assert done.code == 2
    assert "WANDB_API_KEY" in done.err
    assert WRONG_KEY not in done.err + done.out
    assert time.monotonic() - began < SOON_SECONDS


def test_an_entity_that_is_not_there(server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli) -> None:
    done = cli("sweep", write_config(SMALL, run_cap=2), **{**hosted, "WANDB_ENTITY": "nobody"})
    assert done.code == 2
    assert "nobody" in done.err


@pytest.mark.parametrize("name", ["team/rag-sweeps/gone1234", "nobody/rag-sweeps/gone1234", "a/b/c/d"])
def test_a_sweep_that_is_not_there(server: LoopbackServer, hosted: Hosted, cli: Cli, name: str) -> None:
    done = cli("agent", name, **hosted)
    assert done.code == 2
    assert name in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_an_agent_needs_a_login(cli: Cli, tmp_path: Path) -> None:
    done = cli("agent", "team/rag-sweeps/abc", WANDB_MODE="offline", HOME=str(tmp_path))
    assert done.code == 2
    assert "WANDB_API_KEY" in done.err


def test_a_dead_server_leaves_a_local_search_and_pending_runs(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    path = write_config(SMALL, method="grid", run_cap=N_SMALL)
    server.stop_listening()
    done = cli("sweep", path, **hosted)
    assert done.code == 0
    assert "connection refused; the search runs here, and rag-sweeps sync sends its results later" in done.err
    assert "4 results are pending" in done.out
    refused = cli("sync", **hosted)
    assert refused.code == 1
    assert "4 results are pending" in refused.out
    server.start_listening()
    sent = cli("sync", **hosted)
    assert (sent.code, sent.err) == (0, "")
    assert "4 sent" in sent.out
    assert len(trials(server)) + len(baselines(server)) == N_SMALL
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
    assert [run.summary["n_trials"] for run in server.runs.values() if run.job_type == "summary"] == [N_SMALL]
    again = cli("sync", **hosted)
    assert "nothing is pending" in again.out
    assert {len(run.history) for run in server.runs.values()} == {1}, "one row of numbers, or the leaderboard"


def test_doctor_says_within_seconds_whether_the_server_answers(
    server: LoopbackServer, hosted: Hosted, cli: Cli
) -> None:
    assert "answers; runs go to team/rag-sweeps" in cli("doctor", **hosted).out
    server.faults.add("stall", times=1000, seconds=120)
    began = time.monotonic()
    done = cli("doctor", **hosted)
    assert done.code == 0
    assert time.monotonic() - began < SOON_SECONDS
    assert "W&B server               " in done.out
    assert "answers" not in done.out


@pytest.mark.parametrize("arrived", [True, False])
def test_what_the_server_has_is_not_sent_again(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, home: Path, arrived: bool
) -> None:
    assert cli("sweep", write_config(SMALL, method="grid"), "--count", 1, **hosted).code == 0
    (run,) = trials(server)
    (log,) = (home / "sweeps").iterdir()
    address = Address(server.url, "team", "rag-sweeps")
    place = RunPlace(run.id, "again", run.group or "", "trial", sweep=run.sweep and run.sweep.id)
    pending = PendingRun(address, place, log.name, N_BASELINES, {}, trial_id=run.config["trial_id"])
    replace(pending, params={name: run.config[name] for name in NAMES}).keep()
    if not arrived:  # the worker was killed after the numbers had arrived and before the run was finished
        del run.summary_sent["uploaded"]
        run.state = "crashed"
    done = cli("sync", **hosted)
    assert done.code == 0, done.err
    assert "1 sent" in done.out
    assert (run.state, len(run.history), "uploaded" in run.summary) == ("finished", 1, True)
    assert {artifact.type for artifact in run.used_artifacts} == {"golden-set"}
    assert not list((home / "pending").glob("*.json"))
