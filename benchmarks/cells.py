"""One sweep of 48 configurations by rag_sweeps and by a plain script: the same cells, and how long each takes.

Token sizes 100, 200 and 400 x overlap 0 and .25 x dense all-MiniLM-L6-v2 or BM25 x top-k 1, 3, 5 and 10, over three
corpora of Chroma's evaluation (chat logs, State of the Union, WikiText: 206,423 characters, 276 questions). Every run
is a process of its own, imports and loading the model included, and runs of both alternate. The required ratios are of
processor time, which other work on the machine hardly moves; seconds on the wall stand beside it. The plain script
keeps nothing, so its second run costs what its first did.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation_data import ROOT, DataMissingError, as_golden_set, data_folder, read_chroma
from benchmarks.verdicts import Line, conclude

CORPORA = ("chatlogs", "state_of_the_union", "wikitexts")
ROUNDS = 2
FASTER_COLD, FASTER_WARM = 1.3, 10.0


@dataclass(frozen=True, slots=True)
class Run:
    """One process: what it took, on the wall, of processor time and by stage; mrr and hit_rate of every cell."""

    wall_s: float
    processor_s: float
    stage_s: dict[str, float]
    cells: dict[str, dict[str, float]]


def main() -> int:
    try:
        data = read_chroma(CORPORA)
    except DataMissingError as missing:
        print(f"cells {missing}")
        return 0
    n_chars = sum(len(document.text) for document in data.documents)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        as_golden_set(data, scratch / "golden")
        cold, plain, warm = [], [], []
        for number in range(ROUNDS):
            home = scratch / f"home-{number}"
            cold.append(_own(scratch, home, "f32"))
            plain.append(_plain(scratch))
            warm.append(_own(scratch, home, "f32"))
        bf16 = _own(scratch, scratch / "home-bf16", "bf16")
    _show_stages(cold[0], plain[0])
    lines = [
        _same_cells("cells as the plain script has them, to the last digit", cold[0], plain[0]),
        _same_cells("cells the same when read from the store", warm[0], cold[0]),
        Line("plain script: wall (processor) s", _seconds(plain)),
        Line("rag_sweeps cold", _seconds(cold)),
        Line("rag_sweeps warm", _seconds(warm)),
        _faster("cold", plain, cold, FASTER_COLD),
        _faster("warm", plain, warm, FASTER_WARM),
        Line("rag_sweeps cold in bf16", _seconds([bf16])),
        Line("bf16: times faster than plain, cold", _ratio(plain, [bf16])),
        Line("bf16: largest difference in MRR", f"{_largest_difference(bf16, plain[0], 'mrr'):.4f}"),
        Line("bf16: largest difference in hit rate", f"{_largest_difference(bf16, plain[0], 'hit_rate'):.4f}"),
    ]
    return conclude(f"48 cells, {n_chars:,} characters, {len(data.questions)} questions, {ROUNDS} rounds", lines)


def _own(scratch: Path, home: Path, precision: str) -> Run:
    return _run("own_sweep", [scratch / "golden", scratch / "out.json", precision], home)


def _plain(scratch: Path) -> Run:
    return _run("plain_sweep", [data_folder("chroma"), scratch / "out.json", *CORPORA], scratch / "unused")


def _run(script: str, arguments: Sequence[object], home: Path) -> Run:
    out = Path(str(arguments[1]))
    out.unlink(missing_ok=True)
    environment = {**os.environ, "RAG_SWEEPS_HOME": str(home), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    command = [sys.executable, "-m", f"benchmarks.{script}", *map(str, arguments)]
    began, worked = time.perf_counter(), _children_s()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    wall_s, processor_s = time.perf_counter() - began, _children_s() - worked
    written = json.loads(out.read_text(encoding="utf-8"))
    print(f"{script:11}  {wall_s:6.1f} s, processor {processor_s:6.1f} s", file=sys.stderr, flush=True)
    return Run(wall_s, processor_s, written["seconds"], written["cells"])


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _same_cells(what: str, ours: Run, expected: Run) -> Line:
    differing = [name for name in expected.cells if expected.cells[name] != ours.cells.get(name)]
    for name in differing:
        print(f"cell {name}: {ours.cells.get(name)}, expected {expected.cells[name]}")
    same = len(expected.cells) - len(differing)
    return Line(what, str(same), str(len(expected.cells)), not differing)


def _faster(what: str, plain: Sequence[Run], ours: Sequence[Run], required: float) -> Line:
    holds = _least(plain)[1] / _least(ours)[1] >= required
    return Line(f"times faster than plain, {what}", _ratio(plain, ours), f"processor >= {required:g}", holds)


def _ratio(plain: Sequence[Run], ours: Sequence[Run]) -> str:
    (plain_wall, plain_processor), (wall, processor) = _least(plain), _least(ours)
    return f"{plain_wall / wall:.2f} ({plain_processor / processor:.2f})"


def _least(runs: Sequence[Run]) -> tuple[float, float]:
    """The best seconds of several rounds, on the wall and of processor time."""
    return min(run.wall_s for run in runs), min(run.processor_s for run in runs)


def _seconds(runs: Sequence[Run]) -> str:
    return ", ".join(f"{run.wall_s:.1f} ({run.processor_s:.1f})" for run in runs)


def _largest_difference(one: Run, other: Run, metric: str) -> float:
    return max(abs(one.cells[name][metric] - other.cells[name][metric]) for name in other.cells)


def _show_stages(ours: Run, plain: Run) -> None:
    for name, run in (("rag_sweeps", ours), ("plain", plain)):
        stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in run.stage_s.items() if seconds >= 0.005)
        rest = run.wall_s - sum(run.stage_s.values())
        print(f"{name}: seconds by stage: {stages}, importing and the rest {rest:.2f}")


if __name__ == "__main__":
    sys.exit(main())
