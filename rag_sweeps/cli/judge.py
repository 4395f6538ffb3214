"""`rag-sweeps judge check CONFIG`"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag_sweeps.config import SweepConfig
    from rag_sweeps.judge_check.estimates import Estimate
    from rag_sweeps.judge_check.measuring import Check, Findings
    from rag_sweeps.judge_check.scores import JudgeUnderTest
    from rag_sweeps.parameters import TrialParams
    from rag_sweeps.protocols import Caller, Progress
    from rag_sweeps.records import QuestionRecord

FILE = click.Path(path_type=Path)


@click.group()
def judge() -> None:
    """Measure a judge before its verdicts decide anything."""


@judge.command()
@click.argument("config", type=FILE)
@click.option(
    "--repeats", type=click.IntRange(min=2), default=3, show_default=True, help="How often each answer is judged."
)
@click.option("--labels", type=FILE, help="Answers you graded, one JSON object a line [the shipped ones].")
@click.option("--sweep", metavar="ID", help="A sweep judged by this judge: its best mean is corrected by the labels.")
@click.option(
    "--difference",
    "differences",
    type=click.FloatRange(min=0, max=1, min_open=True),
    multiple=True,
    help="A difference between configurations that matters to you; repeat [0.01, 0.02, 0.05, 0.1].",
)
@click.option("--json", "as_json", is_flag=True, help="JSON alone on standard output, for scripts.")
def check(
    config: Path, repeats: int, labels: Path | None, sweep: str | None, differences: tuple[float, ...], as_json: bool
) -> None:
    """Measure the judge of CONFIG: agreement with itself and with people, and what can mislead it.

    Asks for the same verdicts several times, in another order of passages and with longer answers; compares with
    labelled answers, and tries attacks on wrong answers. Costs what its calls cost, under the config's budget_usd;
    replies are stored, so that the same check again is free.
    """
    from rag_sweeps.config import load_sweep
    from rag_sweeps.judge_check.labels import read_labels
    from rag_sweeps.judge_check.measuring import DIFFERENCES, Check
    from rag_sweeps.judge_check.scores import JudgeUnderTest
    from rag_sweeps.prompts.rubric import read_rubric
    from rag_sweeps.protocols import no_progress

    checked = load_sweep(config)
    params = checked.trial_params({})
    labelled = read_labels(labels, read_rubric(params.judge_prompt))
    under_test = JudgeUnderTest(params, _open_caller(params, checked), no_progress)
    planned = Check(
        under_test,
        labelled,
        n_repeats=repeats,
        n_questions=_dev_questions(checked),
        seed=params.seed,
        differences=tuple(sorted(set(differences))) or DIFFERENCES,
    )
    click.echo(_announcement(planned, checked), err=as_json)
    with _watched() as progress:
        findings = replace(planned, judge=replace(under_test, progress=progress)).run()
    corrected = None if sweep is None else _corrected(sweep, findings, under_test)
    if as_json:
        click.echo(json.dumps(_plain(_as_json(findings, corrected)), indent=2, allow_nan=False))
    else:
        _print(findings, corrected)


def _open_caller(params: TrialParams, checked: SweepConfig) -> Caller | None:
    """The priced and capped caller; None where the judge asks nobody."""
    from rag_sweeps.calling import caller_for
    from rag_sweeps.parameters import is_model, judges_of

    models = [model for model in judges_of(params.judge) if is_model(model)]
    sweep_id = f"judge-check-{checked.digest[:8]}"
    # A check makes several passes, one after the other: through a batch API each would take hours.
    direct = replace(params, batch=False)
    return caller_for(models, direct, sweep_id=sweep_id, budget_usd=checked.budget_usd)


@contextmanager
def _watched() -> Iterator[Progress]:
    """A bar for the pass that is being made; on standard error, and only where someone is looking."""
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("starting", total=None)
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total)


def _dev_questions(checked: SweepConfig) -> int:
    """Over how many questions a sweep of this config compares; 100 where its golden set is not at hand."""
    from rag_sweeps.golden import load_golden

    if checked.golden_dir is None:
        return 100
    return load_golden(checked.golden_dir).report.by_split.get("dev", 0) or 100


def _announcement(planned: Check, checked: SweepConfig) -> str:
    if not planned.judge.members:
        return f"judge {planned.judge.version}: {len(planned.labels)} labelled answers, no calls"
    cap = "no cap is set (budget_usd)" if checked.budget_usd is None else f"under a cap of ${checked.budget_usd:g}"
    return (
        f"judge {', '.join(planned.judge.members)}: up to {planned.n_calls:,} calls over {len(planned.labels)} "
        f"labelled answers and {len(planned.attacks())} attacks, {planned.n_repeats} repeats; {cap}"
    )


def _corrected(sweep: str, findings: Findings, under_test: JudgeUnderTest) -> tuple[str, float, Estimate]:
    """(what, the judge's mean, the corrected one) of the best trial of a sweep."""
    import numpy as np

    from rag_sweeps.errors import InputError
    from rag_sweeps.judge_check.correction import correct_mean
    from rag_sweeps.judge_check.scores import SCORE
    from rag_sweeps.outcome import read_outcome
    from rag_sweeps.store.sweeps import find_sweep

    outcome = read_outcome(find_sweep(sweep))
    best = outcome.decision.recommended.measured
    versions = {record.verdict.judge_version for record in best.dev.questions if record.verdict is not None}
    if versions != {findings.judge_version}:
        named = ", ".join(sorted(versions)) or "nobody"
        raise InputError(f"--sweep {sweep}: judged by {named}, and this config's judge is {findings.judge_version}")
    judged = np.array(
        [
            np.nan if record.verdict is None or record.verdict.score is None else record.verdict.score
            for record in best.dev.questions
            if _is_judged(record, by_model=bool(under_test.members))
        ]
    )
    human, judge_scores = findings.labelled
    estimate = correct_mean(judged, judge_scores, human, step=under_test.step(SCORE))
    what = f"trial {best.number} of {outcome.record.sweep_id}, answers that needed a judge"
    return what, float(np.nanmean(judged)) if estimate.n else float("nan"), estimate


def _is_judged(record: QuestionRecord, *, by_model: bool) -> bool:
    """Whether it is an answer such as the labelled ones: no abstention, nor decided without the judge."""
    if record.answer is None or record.answer.abstained or record.verdict is None:
        return False
    return not by_model or "groundedness" in record.verdict.parts


def _print(findings: Findings, corrected: tuple[str, float, Estimate] | None) -> None:
    from rich.console import Console

    from rag_sweeps.cli.judge_tables import agreement_table, attack_table, stability_table
    from rag_sweeps.judge_check.sentences import describe, describe_correction

    console = Console()
    console.print(agreement_table(findings))
    console.print(stability_table(findings))
    console.print(attack_table(findings.injection))
    console.print()
    for sentence in describe(findings):
        console.print(f"- {sentence}", markup=False, highlight=False)
    if corrected is not None:
        what, mean, estimate = corrected
        console.print(f"- {describe_correction(estimate, mean, what)}", markup=False, highlight=False)


def _as_json(findings: Findings, corrected: tuple[str, float, Estimate] | None) -> dict[str, Any]:
    from rag_sweeps.judge_check.sentences import describe, describe_correction

    plain = asdict(findings)
    del plain["labelled"]
    plain["sentences"] = describe(findings)
    if corrected is not None:
        what, mean, estimate = corrected
        plain["corrected"] = {"what": what, "judge_mean": mean, **asdict(estimate)}
        plain["sentences"].append(describe_correction(estimate, mean, what))
    return plain


def _plain(value: Any) -> Any:
    """JSON has no NaN and only text as keys."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else f"{key:.4g}": _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
