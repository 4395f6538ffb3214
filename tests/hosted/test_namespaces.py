"""Two machines that share nothing but a network: each in a network namespace of its own."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cli
from loopback.server import LoopbackServer

from hosted import namespaces
from hosted.runs import GRID, N_BASELINES, PROVE, assert_whole, baselines, trials

CELLS = {**GRID, "top_k": {"values": list(range(1, 9))}}
N_TRIALS = 16


@pytest.mark.skipif(not PROVE, reason="makes network interfaces; RAG_SWEEPS_PROVE=1 runs it")
def test_two_machines_finish_a_sweep_and_run_nothing_twice(
    hosted: dict[str, str], write_config: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    if not namespaces.are_possible():
        pytest.skip("this machine makes no network namespaces")
    with namespaces.two_namespaces() as names, LoopbackServer(host=namespaces.ADDRESS) as server:
        environment = {**hosted, **server.environment()}
        path = write_config(CELLS, method="grid", run_cap=N_TRIALS)
        assert cli("sweep", path, "--count", 1, **environment).code == 0
        (sweep,) = server.sweeps.values()
        sweep.config["run_cap"], sweep.state = N_TRIALS, "RUNNING"  # as if the first command had been left there
        agents = [
            subprocess.Popen(
                ["ip", "netns", "exec", name, *cli.command("agent", f"team/rag-sweeps/{sweep.id}")],
                env={**environment, "RAG_SWEEPS_HOME": str(tmp_path / name)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in names
        ]
        said = [agent.communicate(timeout=300) for agent in agents]
        assert [agent.returncode for agent in agents] == [0, 0], said
        found = trials(server)
        cells = Counter((run.config["retriever"], run.config["top_k"]) for run in found)
        assert set(cells.values()) == {1}
        assert len(found) == N_TRIALS
        assert len(baselines(server)) == N_BASELINES
        for run in (*found, *baselines(server)):
            assert_whole(run)
        assert all((tmp_path / name / "results").is_dir() for name in names), "both measured"
        assert server.problems == []
