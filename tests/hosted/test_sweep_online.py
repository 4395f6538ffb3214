"""`rag-sweeps sweep` while logged in: registered, worked on, gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import Cli
from loopback.server import LoopbackServer

from hosted.runs import GRID, N_BASELINES, N_GRID, N_SMALL, SMALL, assert_whole, baselines, trials

Write = Callable[..., Path]
Hosted = dict[str, str]


def test_a_sweep_is_registered_worked_on_and_gone_on_with(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    path = write_config(GRID, method="grid")
    first = cli("sweep", path, "--count", 3, **hosted)
    assert first.code == 0, first.err
    line = first.out.splitlines()[0]
    assert line.startswith("online mode: no LLM is used, nothing is spent; ")
    assert f"runs go to W&B at {server.url} because WANDB_API_KEY is set" in line
    (sweep,) = server.sweeps.values()
    assert f"wandb agent {sweep.project.entity}/{sweep.project.name}/{sweep.id}" in first.out
    assert len(trials(server)) == 3

    again = cli("sweep", path, "--count", 3, **hosted)
    assert again.code == 0, again.err
    assert len(trials(server)) == 3

    more = cli("sweep", path, "--count", N_GRID, **hosted)
    assert more.code == 0, more.err
    assert list(server.sweeps) == [sweep.id]
    assert len(trials(server)) == N_GRID
    assert len(baselines(server)) == N_BASELINES
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
        assert run.group == sweep.id
    assert sorted(tag for run in baselines(server) for tag in run.tags) == ["baseline", "baseline", "bm25", "default"]
    assert all(run.sweep is not None and run.sweep.id == sweep.id for run in trials(server))
    pinned = sweep.config["parameters"]["golden_set"]["value"]
    assert pinned.startswith("artifact:team/rag-sweeps/golden-golden:v0@")
    assert {run.config["golden_set"] for run in trials(server)} == {pinned}
    assert len(server.artifacts["golden-golden"].versions) == 1
    assert "pending" not in more.out


def test_results_and_report_are_those_of_a_local_sweep(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    path = write_config(SMALL, method="grid", run_cap=N_SMALL)
    assert cli("sweep", path, **hosted).code == 0
    online = cli("results", "--json").json
    assert cli("sweep", path, "--count", N_SMALL, RAG_SWEEPS_HOME=str(tmp_path / "local")).code == 0
    local = cli("results", "--json", RAG_SWEEPS_HOME=str(tmp_path / "local")).json

    def measured(results: dict) -> set[tuple[str, float]]:  # type: ignore[type-arg]
        return {(trial["trial_id"], trial["metrics"]["mrr@10"]["mean"]) for trial in results["trials"]}

    assert measured(local) <= measured(online)
    assert {trial["state"] for trial in online["trials"]} == {"finished"}
    assert sum(trial["baseline"] is not False and trial["baseline"] is not None for trial in online["trials"]) >= 2
