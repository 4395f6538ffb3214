"""Several processes on one sweep: nothing twice, and a dead worker's trial is taken up by another."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cli, wait_until
from test_sweep import COUNT, LEXICAL, check_log, finished_lines, log_of


def workers_of(pid: int) -> list[int]:
    """Children of a process that run a worker, not Python's resource tracker."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and b"spawn_main" in command:
            found.append(int(entry.name))
    return found


@pytest.fixture
def path(write_config: Callable[..., Path]) -> Path:
    return write_config(LEXICAL)


def test_two_workers_run_every_trial_once(path: Path, cli: Cli, home: Path) -> None:
    done = cli("sweep", path, "--count", 12, "--workers", 2)
    assert done.code == 0, done.err
    assert "2 workers" in done.out
    check_log(home, finished=12)
    shown = [line.split()[0] for line in done.out.splitlines() if line.startswith("#")]
    assert sorted(shown) == sorted({f"#{change['number']}" for change in log_of(home)})


def test_a_killed_worker_stops_nobody(path: Path, cli: Cli, home: Path) -> None:
    process = cli.start("sweep", path, "--count", COUNT, "--workers", 2)
    wait_until(lambda: finished_lines(home) >= 3, "three trials finished")
    workers = workers_of(process.pid)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert "Traceback" not in err
    check_log(home, finished=COUNT)


def test_when_every_worker_is_dead_the_sweep_says_so_and_can_go_on(path: Path, cli: Cli, home: Path) -> None:
    process = cli.start("sweep", path, "--count", COUNT, "--workers", 2)
    wait_until(lambda: finished_lines(home) >= 3, "three trials finished")
    for worker in workers_of(process.pid):
        os.kill(worker, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "every worker died" in err
    assert "Traceback" not in err
    assert cli("sweep", path, "--count", COUNT).code == 0
    check_log(home, finished=COUNT)


def test_an_interrupt_ends_all_workers_without_their_tracebacks(path: Path, cli: Cli, home: Path) -> None:
    process = cli.start("sweep", path, "--count", COUNT, "--workers", 2)
    wait_until(lambda: finished_lines(home) >= 1, "a trial finished")
    workers = workers_of(process.pid)
    assert len(workers) == 2
    # A terminal sends Ctrl-C to the whole group; the command alone decides what it means.
    for worker in workers:
        os.kill(worker, signal.SIGINT)
    seen = finished_lines(home)
    wait_until(lambda: finished_lines(home) > seen, "the workers go on")
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 30
    assert "Traceback" not in err
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers are gone")


def test_workers_end_when_the_command_is_killed(path: Path, cli: Cli, home: Path) -> None:
    process = cli.start("sweep", path, "--count", 400, "--workers", 2)
    wait_until(lambda: finished_lines(home) >= 3, "three trials finished")
    workers = workers_of(process.pid)
    assert len(workers) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers are gone", timeout_s=20)
    assert finished_lines(home) < 400


def test_what_a_worker_cannot_do_without_is_said_once(path: Path, cli: Cli, home: Path) -> None:
    obstacle = home / "cache" / "rankings"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file where a folder should be")
    stopped = cli("sweep", path, "--count", 3, "--workers", 2)
    assert stopped.code == 1
    assert "trials all failed" in stopped.err


def test_one_and_four_workers_measure_the_same_trials_in_the_same_order_and_recommend_the_same(
    write_config: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    space = {
        "retriever": {"values": ["bm25", "dense", "hybrid"]},
        "chunk_size": {"values": [16, 24, 32, 48]},
        "top_k": {"min": 1, "max": 4},
        "quality_metric": {"value": "recall@top_k"},
        "cost_weight": {"value": 0.001},
    }
    path = write_config(space, method="bayes")
    told = []
    for workers in (1, 4, 1):
        home = str(tmp_path / f"with-{workers}-{len(told)}")
        done = cli("sweep", path, "--count", 10, "--workers", workers, timeout_s=300, RAG_SWEEPS_HOME=home)
        assert done.code == 0, done.err
        results = cli("results", "--json", RAG_SWEEPS_HOME=home).json
        order = [(trial["number"], trial["trial_id"]) for trial in results["trials"]]
        told.append((order, results["decision"]["recommended"], results["decision"]["statements"]))
    assert told[0] == told[1] == told[2]
