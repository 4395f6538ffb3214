"""A grid, a method and a seed -> the value of each paid evaluation, in order; a repeated proposal is paid again."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna

from benchmarks.search.grids import Grid
from rag_sweeps.proposing import PARALLEL
from rag_sweeps.search import make_study

BEHIND = PARALLEL - 1

ENGINE = Path(__file__).with_name("wandb_engine.py")


def replay(grid: Grid, method: str, seed: int, n_paid: int) -> list[float]:
    """Method: ours, ours+reveals, ours+behind, random, grid, tpe or gp.

    ours+behind: as sweeps run it, so that any four workers do the same: what is revealed, and each proposal misses the
    last BEHIND results.
    """
    if method == "random":
        return np.random.default_rng(seed).permutation(grid.values)[:n_paid].tolist()
    if method == "grid":
        return _grid_walk(grid, seed, n_paid)
    study = _study(grid, method, seed)
    distributions = grid.space.distributions
    values: list[float] = []
    untold: list[tuple[optuna.Trial, float]] = []
    while len(values) < min(n_paid, len(grid.values)):
        trial = study.ask(distributions)
        values.append(grid.value(trial.params))
        if method in ("ours+reveals", "ours+behind") and grid.ours:
            others = ({**trial.params, "top_k": k} for k in grid.axes["top_k"] if k != trial.params["top_k"])
            trial.set_user_attr("revealed", [{"params": other, "value": grid.value(other)} for other in others])
        untold.append((trial, values[-1]))
        while len(untold) > (BEHIND if method == "ours+behind" else 0):
            study.tell(*untold.pop(0))
    return values


def replay_wandb(grid: Grid, seeds: Sequence[int], n_paid: int, python: Path) -> list[list[float]]:
    """W&B's open engine, `sweeps`, in an environment of its own; one sequence for each seed."""
    job = {
        "config": grid.config("bayes", 0),
        "axes": list(grid.axes),
        "table": [[list(key), value] for key, value in grid.table.items()],
        "seeds": list(seeds),
        "n_paid": n_paid,
    }
    done = subprocess.run(
        [str(python), str(ENGINE)], input=json.dumps(job), capture_output=True, text=True, timeout=3600, check=False
    )
    if done.returncode:
        raise RuntimeError(f"W&B's engine failed: {done.stderr[-2000:]}")
    sequences: list[list[float]] = json.loads(done.stdout)
    return sequences


def engine_environment(folder: Path) -> Path | None:
    """The Python of an environment with `sweeps`, made where there is none; None where it cannot be installed."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
        install = [str(python), "-m", "pip", "install", "-q", "sweeps[bayesian]==0.3.0", "pandas<3"]
        if subprocess.run(install, check=False, timeout=1200).returncode:
            return None
    return python


def _grid_walk(grid: Grid, seed: int, n_paid: int) -> list[float]:
    """Grid order, as the axes and their values happen to be written: in an order drawn anew for every seed."""
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.permutation(list(grid.axes))]
    orders = [[grid.axes[name][at] for at in rng.permutation(len(grid.axes[name]))] for name in names]
    walked: dict[str, float] = {}
    for values in itertools.product(*orders):
        proposal = dict(zip(names, values, strict=True))
        walked.setdefault(grid.space.identity(proposal), grid.value(proposal))
        if len(walked) == n_paid:
            break
    return list(walked.values())


def _study(grid: Grid, method: str, seed: int) -> optuna.Study:
    if method.startswith("ours"):
        return make_study(SimpleNamespace(config=grid.config("bayes", seed)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        samplers: dict[str, Any] = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler}
        return optuna.create_study(direction="maximize", sampler=samplers[method](seed=seed))
