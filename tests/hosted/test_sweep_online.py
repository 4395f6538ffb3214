"""`rag-sweeps sweep` while logged in, against a server on the loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import Cli
from loopback.server import LoopbackServer

GRID = {
    "retriever": {"values": ["bm25", "dense"]},
    "top_k": {"values": [1, 3, 5, 7]},
    "quality_metric": {"value": "recall@top_k"},
}


def test_a_sweep_is_registered_worked_on_and_finished(
    server: LoopbackServer, hosted: dict[str, str], write_config: Callable[..., Path], cli: Cli
) -> None:
    path = write_config(GRID, method="grid", run_cap=8)
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err + done.out
    print(done.out, done.err)
    for run in server.runs.values():
        print(
            run.id,
            run.state,
            run.group,
            run.job_type,
            run.tags,
            len(run.history),
            run.summary.get("objective"),
            [a.name for a in run.used_artifacts],
            [a.name for a in run.logged_artifacts],
        )
    print([(s.id, s.state, s.config) for s in server.sweeps.values()])
    assert 0
