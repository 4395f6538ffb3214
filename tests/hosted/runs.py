"""A small grid, and what every run of a hosted sweep has to hold."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loopback.server import LoopbackServer
from loopback.state import Run

PROVE = bool(os.environ.get("RAG_SWEEPS_PROVE"))

GRID = {
    "retriever": {"values": ["bm25", "dense"]},
    "top_k": {"values": [1, 3, 5, 7]},
    "quality_metric": {"value": "recall@top_k"},
    "cost_metric": {"value": "context_tokens_per_question"},
    "cost_weight": {"value": 0.001},
}
SMALL = {**GRID, "top_k": {"values": [1, 3]}}
N_GRID, N_SMALL, N_BASELINES = 8, 4, 2


def trials(server: LoopbackServer) -> list[Run]:
    """The runs of searched trials, in the order they were made; also those that were only given out so far."""
    return [run for run in server.runs.values() if run.sweep is not None or run.job_type == "trial"]


def baselines(server: LoopbackServer) -> list[Run]:
    return [run for run in server.runs.values() if run.job_type == "baseline"]


def assert_whole(run: Run) -> None:
    """One row of history with the objective, the metrics with bounds, the tables, the artifacts."""
    assert run.state == "finished", (run.id, run.state)
    rows = [row for row in run.history if "objective" in row]
    assert len(rows) == len(run.history) == 1, (run.id, len(run.history))
    assert run.summary["objective"] == rows[0]["objective"]
    assert {"mrr@10", "mrr@10/low", "mrr@10/high", "mrr@10/n", "uploaded"} <= set(run.summary)
    assert {"trial_id", "golden_digest", "seed", "config_git_commit", "code_git_commit", "code_version"} <= set(
        run.config
    )
    used = [artifact.collection.type for artifact in run.used_artifacts]
    assert used == ["golden-set"], (run.id, used)
    logged = [artifact for artifact in run.logged_artifacts if artifact.collection.type == "result"]
    assert [artifact.collection.name for artifact in logged] == [f"result-{run.config['trial_id'][:16]}"], run.id


def results_of(home: Path) -> dict[str, float]:
    """trial id -> objective-free metric of what the store holds."""
    import json

    found = {}
    for path in (home / "results").glob("*/*.dev.json"):
        result = json.loads(path.read_text())["result"]
        found[result["trial_id"]] = result["metrics"]["mrr@10"][0]
    return found


def wandb_agent(
    path: str, environment: Mapping[str, str], *, timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["wandb", "agent", path], env=dict(environment), capture_output=True, text=True, timeout=timeout_s
    )


def json_of(text: str) -> Any:
    import json

    return json.loads(text)
