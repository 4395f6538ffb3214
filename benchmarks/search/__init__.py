"""Replayed searches: normalised regret of ours beside random, grid, Optuna's and W&B's, on measured grids."""

from __future__ import annotations


def main() -> int:
    """The quick mode; `python -m benchmarks.search --full` is the other."""
    from benchmarks.search.compare import run

    return run(full=False)
