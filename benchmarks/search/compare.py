"""Grids x methods x seeds -> a table of normalised regret with intervals, and what is required of it.

Normalised regret after k paid evaluations is (best - found) / (best - mean) of the grid: 0 at its best configuration, 1
at what a random one is worth on average. `found` is the best configuration proposed so far. Every proposal is paid for,
also a repeated one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.search.grids import Grid, load_grids
from benchmarks.search.replay import engine_environment, replay, replay_wandb
from rag_sweeps.store.files import home, write_bytes_atomic

CHECKPOINTS = (5, 10, 15, 20)
REQUIRED_AT = (10, 20)
N_PAID = 20
MOST_PAID = 40
"""Evaluations after which a search for 1 % of the best is given up, and counted as this many."""
QUICK = {"ours": 5, "ours+reveals": 3, "ours+behind": 3, "random": 200, "grid": 200, "tpe": 10, "gp": 3, "wandb": 2}
FULL = {
    "ours": 24,
    "ours+reveals": 12,
    "ours+behind": 12,
    "random": 1000,
    "grid": 1000,
    "tpe": 24,
    "gp": 12,
    "wandb": 12,
}
"""Seeds of each method."""
ENGINE_LOCATION = "RAG_SWEEPS_BENCH_SWEEPS_VENV"

Curves = dict[tuple[str, str], np.ndarray]
"""(grid, method) -> (seeds, N_PAID) regret"""


def run(*, full: bool, only_grids: Collection[str] = (), only_methods: Collection[str] = ()) -> int:
    """Prints the tables; returns 0 when what is required holds on average over the grids."""
    grids = [grid for grid in load_grids() if not only_grids or grid.name in only_grids]
    seeds = {name: n for name, n in (FULL if full else QUICK).items() if not only_methods or name in only_methods}
    python = _engine() if "wandb" in seeds else None
    if python is None:
        seeds.pop("wandb", None)
    curves: Curves = {}
    near: dict[str, tuple[float, float]] = {}
    for grid in grids:
        for method, n_seeds in seeds.items():
            if method == "ours+reveals" and not grid.ours:
                continue
            values, paid = _replayed(grid, method, range(n_seeds), python)
            curves[grid.name, method] = np.array([_regret(grid, sequence) for sequence in values])
            if method == "ours":
                near[grid.name] = (float(np.mean(paid)), _random_needs(grid))
        _print_grid(grid, curves, seeds)
    return _print_summary([grid.name for grid in grids], curves, seeds, near)


def _replayed(
    grid: Grid, method: str, seeds: Sequence[int], python: Path | None
) -> tuple[list[list[float]], list[int]]:
    kept = home() / "search-benchmark" / f"{grid.name}-{method}-{len(seeds)}.json"
    if kept.exists() and not method.startswith("ours"):
        return json.loads(kept.read_text(encoding="utf-8")), []
    if method == "wandb":
        assert python is not None
        values = replay_wandb(grid, seeds, N_PAID, python)
    else:
        values = [replay(grid, method, seed, MOST_PAID if method == "ours" else N_PAID) for seed in seeds]
    if not method.startswith("ours"):
        # Other methods do not change with this package: their replays are measured once.
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(kept, json.dumps(values).encode())
    return values, [_paid_until_near(grid, sequence) for sequence in values]


def _regret(grid: Grid, values: Sequence[float]) -> list[float]:
    return [grid.regret(found) for found in np.maximum.accumulate(values[:N_PAID]).tolist()]


def _paid_until_near(grid: Grid, values: Sequence[float]) -> int:
    reached = np.flatnonzero(np.array(values) >= _near_best(grid))
    return int(reached[0]) + 1 if len(reached) else len(values)


def _random_needs(grid: Grid) -> float:
    """Expected draws without repetition until one within 1 % of the best."""
    n_near = int((grid.values >= _near_best(grid)).sum())
    return (len(grid.values) + 1) / (n_near + 1)


def _near_best(grid: Grid) -> float:
    best = float(grid.values.max())
    return best - 0.01 * abs(best)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Mean and half the width of its 95 % interval over the seeds, by the bootstrap with a constant seed."""
    if len(values) < 2:
        return float(values.mean()), float("nan")
    picks = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
    return float(values.mean()), float(high - low) / 2


def _print_grid(grid: Grid, curves: Curves, seeds: Mapping[str, int]) -> None:
    print(f"\n{grid.name}: {len(grid.values)} configurations")
    print(f"| {'method':12} | seeds | " + " | ".join(f"{f'regret@{k}':15}" for k in CHECKPOINTS) + " |")
    print("|---|--:|" + "---|" * len(CHECKPOINTS))
    for method in seeds:
        if (grid.name, method) in curves:
            found = curves[grid.name, method]
            cells = [f"{mean:.3f} ± {half:.3f}" for mean, half in (interval(found[:, k - 1]) for k in CHECKPOINTS)]
            print(f"| {method:12} | {len(found):5} | " + " | ".join(f"{cell:15}" for cell in cells) + " |", flush=True)


def _print_summary(
    names: Sequence[str], curves: Curves, seeds: Mapping[str, int], near: Mapping[str, tuple[float, float]]
) -> int:
    print(f"\nmean over {len(names)} grids")
    means = {
        method: {k: float(np.mean([curves[name, method][:, k - 1].mean() for name in names])) for k in CHECKPOINTS}
        for method in seeds
        if all((name, method) in curves for name in names)
    }
    for method, at in means.items():
        print(f"| {method:12} | " + " | ".join(f"{at[k]:.3f}" for k in CHECKPOINTS) + " |")
    if "ours" not in means:
        return 0
    failures = 0
    others = [method for method in means if method != "ours"]
    for k in REQUIRED_AT:
        for name in names:
            mine = curves[name, "ours"][:, k - 1].mean()
            better = [
                f"{m} {curves[name, m][:, k - 1].mean():.3f}" for m in others if curves[name, m][:, k - 1].mean() < mine
            ]
            if better:
                print(f"not below all on {name} at {k}: ours {mine:.3f}, {', '.join(better)}")
        if "random" in means:
            share = means["ours"][k] / means["random"][k]
            failures += share > 0.5
            print(f"at {k}: {share:.2f} of random's regret (required: at most 0.50)")
    for name, (mine, random) in near.items():
        print(f"within 1 % of the best of {name}: {mine:.1f} paid (random: {random:.1f} expected), {mine / random:.2f}")
    shares = [mine / random for mine, random in near.values()]
    failures += float(np.mean(shares)) > 0.5
    print(f"within 1 %: {np.mean(shares):.2f} of what random needs, on average (required: at most 0.50)")
    return int(failures > 0)


def _engine() -> Path | None:
    where = os.environ.get(ENGINE_LOCATION)
    python = engine_environment(Path(where) if where else home() / "bench_sweeps_venv")
    if python is None:
        print("W&B's engine cannot be installed here; it is left out")
    return python
