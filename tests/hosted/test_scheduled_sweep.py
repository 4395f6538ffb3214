"""A sweep with a `scheduler`: `wandb sweep-scheduler` proposes from our study, `rag-sweeps agent` runs the trials."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from conftest import Cli
from loopback.server import LoopbackServer

import rag_sweeps.search.study
from hosted.runs import assert_whole, trials

Write = Callable[..., Path]
Hosted = dict[str, str]
ROOT = Path(__file__).parents[2]
STUDY = str(Path(rag_sweeps.search.study.__file__))
SCHEDULER = {"engine": "optuna", "source": STUDY, "optimizer": "make_study"}
N_TRIALS = 4
SPACE = {
    "retriever": {"values": ["bm25", "dense", "hybrid"]},
    "top_k": {"min": 1, "max": 5},
    "quality_metric": {"value": "recall@top_k"},
    "cost_metric": {"value": "context_tokens_per_question"},
    "cost_weight": {"value": 0.001},
}
TWO_GOALS = [{"name": "mrr@10", "goal": "maximize"}, {"name": "index_bytes", "goal": "minimize"}]


def drive(path: str, hosted: Hosted, agent: subprocess.Popen[str]) -> str:
    """Propose until the sweep is done; what the agent printed until it was told to go."""
    command = [sys.executable, "-m", "wandb", "sweep-scheduler", "--batch-size", "1", "--poll-interval", "0.5", path]
    with agent:
        try:
            scheduler = subprocess.run(
                command, env=hosted, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180
            )
            assert scheduler.returncode == 0, scheduler.stderr
            said, problems = agent.communicate(timeout=120)
        finally:
            agent.kill()
    assert agent.returncode == 0, problems
    return said


def register(server: LoopbackServer, hosted: Hosted, config: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "wandb", "sweep", "--project", "rag-sweeps", str(config)],
        env=hosted,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (sweep,) = server.sweeps.values()
    return f"team/rag-sweeps/{sweep.id}"


def test_a_scheduler_proposes_for_two_goals_what_an_agent_measures(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    config = write_config(SPACE, method="bayes", run_cap=N_TRIALS, scheduler=SCHEDULER, metric=None, metrics=TWO_GOALS)
    assert cli("check", config).code == 0
    path = register(server, hosted, config)
    said = drive(path, hosted, cli.start("agent", path, **hosted))
    (sweep,) = server.sweeps.values()
    assert sweep.state == "FINISHED"
    done = [run for run in trials(server) if run.state == "finished"]
    # W&B's scheduler may enqueue one run more than the cap.
    assert N_TRIALS <= len(done) <= N_TRIALS + 1
    for run in done:
        assert_whole(run)
    # The default configuration first, as a local search has it; no configuration twice.
    assert done[0].config["retriever"] == "dense"
    assert len({run.config["trial_id"] for run in done}) == len(done)
    assert f"propose trials with: wandb sweep-scheduler {path}" in said
    statements = cli("results", "--json").json["decision"]["statements"]
    assert any("Pareto front of mrr@10 and index_bytes" in each for each in statements)


def test_the_shipped_config_names_the_study_of_this_package() -> None:
    document = yaml.safe_load((ROOT / "configs" / "scheduler.yaml").read_text(encoding="utf-8"))
    assert (ROOT / document["scheduler"]["source"]).resolve() == Path(STUDY).resolve()
    assert callable(getattr(rag_sweeps.search.study, document["scheduler"]["optimizer"]))
