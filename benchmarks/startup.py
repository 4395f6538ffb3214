"""How soon the command line answers, and what a trial costs once its vectors are cached; medians of fresh processes.

Absolute seconds: a busy machine spoils them, so they are shown against their requirement and do not fail the
benchmark; processor time beside them says how much of the wait was ours. Importing torch where nothing is left to
embed fails it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evaluation_data import ROOT
from benchmarks.verdicts import Line, conclude

REPEATS = 10
COMMAND_S, TRIAL_S = 0.5, 1.0
CONFIG = "configs/quickstart.yaml"
GOLDEN = "golden_sets/handbook"


@dataclass(frozen=True, slots=True)
class Trial:
    """Medians of several processes; heavy: packages that any of them imported."""

    seconds: Mapping[str, float]
    stages: Mapping[str, float]
    heavy: tuple[str, ...]


def main() -> int:
    lines = []
    for arguments in (["--help"], ["check", CONFIG]):
        runs = [_command(arguments) for _ in range(REPEATS)]
        taken, worked = (statistics.median(part) for part in zip(*runs, strict=True))
        lines.append(_within(f"rag-sweeps {' '.join(arguments)}", taken, worked, COMMAND_S))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        first = _trials(home, "measure", repeats=1)
        cached = _trials(home, "run")
        searched = _trials(home, "run", forget=home / "cache" / "rankings")
        stored = _trials(home, "measure")
    lines += [
        Line("a trial, nothing cached", f"{first.seconds['the trial']:.3f} s"),
        _trial_within("a trial, all but its result cached", cached),
        _trial_within("a trial, only its vectors cached", searched),
        Line("a trial, its result stored", f"{stored.seconds['the trial']:.3f} s"),
        *(Line(what, f"{taken:.3f} s") for what, taken in cached.seconds.items() if not what.startswith("the trial")),
        Line(
            "torch imported where vectors are cached",
            "yes" if "torch" in searched.heavy else "no",
            "no",
            "torch" not in searched.heavy,
        ),
        Line("other heavy imports there", ", ".join(searched.heavy) or "none"),
    ]
    print("seconds by stage, only vectors cached:", _listed(searched.stages))
    return conclude(f"startup: medians of {REPEATS} fresh processes", lines)


def _command(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds on the wall and of processor time."""
    began, worked = time.perf_counter(), _children_s()
    subprocess.run(
        [Path(sys.executable).with_name("rag-sweeps"), *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began, _children_s() - worked


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _trials(home: Path, what: str, *, repeats: int = REPEATS, forget: Path | None = None) -> Trial:
    found = []
    for _ in range(repeats):
        if forget is not None:
            shutil.rmtree(forget)
        answered = subprocess.run(
            [sys.executable, "-m", "benchmarks.cached_trial", GOLDEN, what],
            cwd=ROOT,
            env={**os.environ, "RAG_SWEEPS_HOME": str(home)},
            check=True,
            stdout=subprocess.PIPE,
        )
        found.append(json.loads(answered.stdout))
    return Trial(
        seconds=_medians([one["seconds"] for one in found]),
        stages=_medians([one["stages"] for one in found]),
        heavy=tuple(sorted({name for one in found for name in one["heavy"]})),
    )


def _medians(measured: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in measured) for name in measured[0]}


def _trial_within(what: str, trial: Trial) -> Line:
    return _within(what, trial.seconds["the trial"], trial.seconds["the trial, processor time"], TRIAL_S)


def _within(what: str, taken: float, worked: float, allowed: float) -> Line:
    return Line(what, f"{taken:.3f} s ({worked:.3f} processor)", f"< {allowed} s", taken < allowed, binding=False)


def _listed(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{stage} {taken:.3f}" for stage, taken in seconds.items())


if __name__ == "__main__":
    sys.exit(main())
