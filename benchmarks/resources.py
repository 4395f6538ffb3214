"""The quickstart sweep as a user runs it, twice: seconds, and the memory of all its processes together.

Memory is the proportional set size (shared pages counted once) of the whole process tree, sampled from /proc; without
/proc only the largest process is known. Seconds do not fail the benchmark, memory does.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation_data import ROOT
from benchmarks.verdicts import Line, conclude

CONFIG = "configs/quickstart.yaml"
AGAIN_S = 15.0
MEMORY_GB = 2.0
SAMPLE_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Watched:
    """One command: exit code, seconds, and the most memory its processes held together (None where unknown)."""

    code: int
    wall_s: float
    tree_gb: float | None
    n_processes: int


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        cold = watch_sweep(home)
        again = watch_sweep(home)
        stages, n_results = stage_seconds(home)
    largest_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _maxrss_unit() / 1e9
    memory = max(cold.tree_gb or 0.0, again.tree_gb or 0.0, largest_gb)
    print("seconds by stage, all trials:", ", ".join(f"{stage} {taken:.2f}" for stage, taken in stages.most_common()))
    print(f"outside the stages: {cold.wall_s - stages.total():.2f} of {cold.wall_s:.2f} s")
    lines = [
        Line("exit code, first and second time", f"{cold.code}, {again.code}", "0, 0", cold.code == again.code == 0),
        Line("results stored", str(n_results)),
        Line("first time, s", f"{cold.wall_s:.1f}"),
        Line("the same command again, s", f"{again.wall_s:.1f}", f"< {AGAIN_S}", again.wall_s < AGAIN_S, binding=False),
        Line("largest process, GB", f"{largest_gb:.2f}"),
        Line("processes at once", str(cold.n_processes)),
        Line("all processes together, GB", f"{memory:.2f}", f"< {MEMORY_GB}", memory < MEMORY_GB),
    ]
    return conclude(f"rag-sweeps sweep {CONFIG}", lines)


def watch_sweep(home: Path) -> Watched:
    """Run the sweep on a store of its own; W&B is off, whoever is logged in."""
    environment = {**os.environ, "RAG_SWEEPS_HOME": str(home), "WANDB_MODE": "disabled"}
    began = time.perf_counter()
    sweep = subprocess.Popen(
        [sys.executable, "-m", "rag_sweeps", "sweep", CONFIG],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    peak, most = 0, 0
    while sweep.poll() is None:
        tree = process_tree(sweep.pid)
        peak, most = max(peak, sum(map(memory_bytes, tree))), max(most, len(tree))
        time.sleep(SAMPLE_EVERY_S)
    return Watched(sweep.returncode, time.perf_counter() - began, peak / 1e9 if peak else None, most)


def process_tree(root: int) -> list[int]:
    """The process and all its descendants, by /proc."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    tree = [root]
    for process in tree:
        tree += [child for child, parent in parents.items() if parent == process]
    return tree


def memory_bytes(process: int) -> int:
    """Proportional set size; 0 for a process that has ended, or where there is no /proc."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def stage_seconds(home: Path) -> tuple[Counter[str], int]:
    """Seconds of every stage over all stored results, and how many results there are."""
    spent: Counter[str] = Counter()
    results = list((home / "results").rglob("*.json"))
    for path in results:
        spent.update(json.loads(path.read_text(encoding="utf-8"))["result"]["stage_seconds"])
    return spent, len(results)


def _maxrss_unit() -> int:
    return 1 if sys.platform == "darwin" else 1024


if __name__ == "__main__":
    sys.exit(main())
