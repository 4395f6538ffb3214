"""`rag-sweeps gate --baseline X --candidate Y`"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag_sweeps.gating import Gate
    from rag_sweeps.records import Split, TrialResult


@click.command()
@click.option(
    "--baseline",
    "-b",
    required=True,
    help="In use: a trial id or its beginning, #11 or default of the last sweep, or a file.",
)
@click.option("--candidate", "-c", required=True, help="What is to take its place.")
@click.option("--metric", help="What is compared question by question [the sweep's quality_metric].")
@click.option("--margin", type=float, help="How much worse is still acceptable, in the metric's unit [0.02].")
@click.option(
    "--split", type=click.Choice(["dev", "test"]), help="[test; dev where the golden set has no test questions]"
)
@click.option("--json", "as_json", is_flag=True, help="JSON alone on standard output, for scripts.")
def gate(
    baseline: str, candidate: str, metric: str | None, margin: float | None, split: str | None, as_json: bool
) -> None:
    """Decide whether a candidate may take the place of a baseline.

    Exit code 0: proven not to be worse by more than the margin. 1: not proven. 2: the two cannot be compared.
    """
    from rag_sweeps.errors import EXIT_DONE, EXIT_FAILED
    from rag_sweeps.gating import gate as decide

    theirs, ours = read_pair(baseline, candidate, split)
    found = decide(theirs, ours, metric=metric, margin=margin)
    if as_json:
        click.echo(json.dumps(_plain(found), indent=2, allow_nan=False))
    else:
        for line in gate_lines(found, forced=split is not None):
            click.echo(line)
    sys.exit(EXIT_DONE if found.is_promoted else EXIT_FAILED)


def _shown_trial(name: str) -> str | None:
    """`#11`, or the name of a baseline, in the sweep that ran last -> its trial's id; None for anything else."""
    from rag_sweeps.store.sweeps import find_sweep

    if not name.startswith("#") and name not in ("default", "bm25"):
        return None
    trials = find_sweep(None).trials()
    return next((each.trial_id for each in trials if name in (f"#{each.number}", each.baseline)), None)


def read_pair(baseline: str, candidate: str, split: str | None) -> tuple[TrialResult, TrialResult]:
    """Both on one split: the one asked for, else that of a file, else the held-out one where there is one."""
    from rag_sweeps.errors import InputError
    from rag_sweeps.store.results import find_trial_id, read_result, read_result_file

    found: list[TrialResult | None] = [
        read_result_file(Path(each)) if Path(each).is_file() else None for each in (baseline, candidate)
    ]
    ids = [
        result.trial_id if result else _shown_trial(each) or find_trial_id(each)
        for each, result in zip((baseline, candidate), found, strict=True)
    ]
    from_files: list[Split] = [result.split for result in found if result]
    wanted: Split = "dev" if split == "dev" else "test" if split else from_files[0] if from_files else _usual_split(ids)
    for at, trial_id in enumerate(ids):
        if found[at] is None:
            found[at] = read_result(trial_id, wanted)
    for name, trial_id, result in zip(("baseline", "candidate"), ids, found, strict=True):
        if result is None:
            raise InputError(
                f"the {name} {trial_id[:16]} was not measured on the {wanted} questions; measure it with\n"
                f"  {_command(trial_id, wanted)}"
            )
        if result.split != wanted:
            raise InputError(f"the {name} is a result on {result.split} questions, not {wanted}; name another file")
    first, second = found
    assert first is not None
    assert second is not None
    return first, second


def _usual_split(ids: list[str]) -> Split:
    """`test` unless the golden set has no test questions."""
    from rag_sweeps.store.golden_sets import kept_n_test
    from rag_sweeps.store.results import read_result

    dev = next((result for trial_id in ids if (result := read_result(trial_id, "dev"))), None)
    return "dev" if dev is not None and kept_n_test(dev.golden_digest) == 0 else "test"


def _command(trial_id: str, split: str) -> str:
    """What measures a trial on another split: from the sweep it came from, else from its parameters."""
    import shlex

    from rag_sweeps.parameters import DEFAULTS, effective
    from rag_sweeps.store.results import read_result
    from rag_sweeps.store.sweeps import sweeps_with

    config, settings = "CONFIG", None
    for record, asked in sweeps_with(trial_id):
        config, settings = record.config_path, dict(asked.proposal)
    other = read_result(trial_id, "dev") or read_result(trial_id, "test")
    if settings is None:
        used = effective(other.params) if other else {}
        settings = {name: value for name, value in used.items() if value != DEFAULTS.get(name)}
    parts = ["rag-sweeps", "trial", config, "--split", split]
    for name, value in settings.items():
        parts += ["-s", f"{name}={value if isinstance(value, str) and value else json.dumps(value)}"]
    return shlex.join(parts)


def gate_lines(found: Gate, *, forced: bool) -> list[str]:
    held_out = "held-out" if found.split == "test" else "dev"
    why = "" if found.split == "test" or forced else ": the golden set has no held-out ones"
    lines = [
        f"baseline  {found.baseline_id[:16]}  {found.metric} {found.baseline_mean:.4g}",
        f"candidate {found.candidate_id[:16]}  {found.metric} {found.candidate_mean:.4g}",
        f"{found.n} {held_out} questions, compared one by one{why}",
    ]
    if found.n_missing:
        lines.append(f"{found.n_missing} have a score in one result only and count fully against the candidate")
    lines += [
        f"difference {found.difference:+.4f} (above 0 is better), "
        f"one-sided 95 % bounds [{found.low:+.4f}, {found.high:+.4f}]",
        f"margin {found.margin:g}: a difference below {-found.margin:+g} has to be ruled out; p = {found.p:.2g}",
    ]
    if found.smallest > 0:  # neither NaN nor without any spread
        lines.append(
            f"the smallest difference to the margin that these questions show four times in five: {found.smallest:.4f}"
        )
    if found.same_trial:
        return [*lines, "promote: both are the same trial"]
    if found.is_promoted:
        better = " and better" if found.low > 0 else ""
        return [*lines, f"promote: proven not worse than the baseline by more than {found.margin:g}{better}"]
    needs = (
        f"; to show a difference like this one takes about {found.questions_needed:,} questions"
        if found.questions_needed and found.questions_needed > found.n
        else ""
    )
    return [*lines, f"not proven: the candidate may be worse by more than {found.margin:g}{needs}"]


def _plain(found: Gate) -> dict[str, Any]:
    plain = {"promoted": found.is_promoted, **asdict(found)}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in plain.items()}
