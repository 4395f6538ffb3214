"""A sweep that `wandb sweep-scheduler` searches with this project's study, and our worker runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import Cli
from loopback.server import LoopbackServer

from hosted.runs import N_SMALL, SMALL, assert_whole, trials

Write = Callable[..., Path]
Hosted = dict[str, str]


def test_the_scheduler_proposes_what_the_study_does(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "study.py").write_text("from rag_sweeps.search import make_study\n")
    engine = {"engine": "optuna", "source": "study.py", "optimizer": "make_study"}
    path = write_config(SMALL, method="bayes", run_cap=N_SMALL, scheduler=engine)
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err
    finished = [run for run in trials(server) if run.state == "finished"]
    assert len(finished) == N_SMALL, done.out
    for run in finished:
        assert_whole(run)
    assert len({run.config["trial_id"] for run in finished}) == N_SMALL
