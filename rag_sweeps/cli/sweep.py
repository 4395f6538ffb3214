"""`rag-sweeps sweep CONFIG`"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from rag_sweeps.errors import CapReachedError
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.outcome import Outcome
    from rag_sweeps.protocols import Progress
    from rag_sweeps.store.sweeps import SweepLog
    from rag_sweeps.sweep import Event


FEW_QUESTIONS = 30


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--count", type=click.IntRange(min=1), help="Finished trials wanted in all, without the baselines [run_cap]."
)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that share the work."
)
def sweep(config: Path, count: int | None, workers: int) -> None:
    """Search a config for its best configuration.

    The same command again goes on where the last one stopped, also after Ctrl-C or a crash, and adds nothing to a
    sweep that has its count. Ends with a leaderboard, an HTML report and one sentence that says what to use.
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from rag_sweeps.config import load_sweep
    from rag_sweeps.tracking.mode import detect_mode

    checked = load_sweep(config)
    mode = detect_mode(checked.models, budget_usd=checked.budget_usd)
    click.echo(mode.line)

    from rag_sweeps.calling import sweep_caller
    from rag_sweeps.cli.check import check_prompts, check_settings, check_tokenizers
    from rag_sweeps.cli.golden import summary
    from rag_sweeps.cli.hosted import leave
    from rag_sweeps.cli.hosted_sweep import hosted_events, open_hosted
    from rag_sweeps.errors import CapReachedError, InputError
    from rag_sweeps.golden import load_golden
    from rag_sweeps.hosting.addresses import purse_of
    from rag_sweeps.ledger import spent_usd
    from rag_sweeps.outcome import confirm, read_outcome
    from rag_sweeps.search import repeats_on_server, space_of
    from rag_sweeps.sweep import begin
    from rag_sweeps.workers import run_workers

    for warning in checked.warnings:
        click.echo(f"warning: {warning}", err=True)
    count = count or checked.run_cap
    if count is None:
        raise InputError(f"{config}: how many trials? give --count N, or run_cap: N in the config")
    if checked.golden_dir is None:
        raise InputError(f"{config}: golden_set: an artifact can only be read under W&B; name a folder")
    golden = load_golden(checked.golden_dir)
    click.echo(summary(golden))
    told = repeats_on_server(space_of(checked)) if mode.is_online and checked.method == "bayes" else None
    if told and "scheduler" not in checked.document:
        click.echo(f"warning: {told}", err=True)
    check_tokenizers(checked)
    check_prompts(checked)
    check_settings(checked)
    n_dev = golden.report.by_split.get("dev", 0)
    if n_dev < FEW_QUESTIONS:
        click.echo(f"warning: only {n_dev} dev questions: most differences cannot be shown; 100 are a start", err=True)
    for moved in golden.report.moved:
        click.echo(f"moved quote: {moved.question_id} in {moved.to_document}, now at {moved.to_start}", err=True)

    log = begin(
        checked,
        golden,
        count=count,
        mode=mode.line,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        workers=workers,
    )
    click.echo(f"sweep {log.folder.name}: {count} trials and the baselines, {workers} worker{'s' * (workers > 1)}")
    console = Console()
    cap: CapReachedError | None = None
    with ExitStack() as leaving, _bars(console) as bars:
        task = bars.add_task("starting", total=None, spent=spent_usd(purse_of(log)))
        if mode.is_online:
            work = open_hosted(checked, golden, log, count=count, progress=_stage(bars))
            caller = work.caller
            leaving.callback(leave, work)
            events = hosted_events(work, count=count, workers=workers)
        else:
            caller = sweep_caller(checked, purse_of(log))
            events = run_workers(checked, golden, log, mode, caller=caller, workers=workers, progress=_stage(bars))
        try:
            for event in events:
                _show(event, console, log)
                _advance(bars, task, event, log)
            bars.update(task, description="held-out questions")
            outcome = confirm(checked, golden, log, read_outcome(log), caller=caller, progress=_stage(bars))
        except CapReachedError as error:
            cap = error
    if cap is not None:
        _stop_at_cap(log, golden, console, cap)
    _conclude(log, outcome, golden, console)


def _stop_at_cap(log: SweepLog, golden: GoldenSet, console: Console, cap: CapReachedError) -> NoReturn:
    """Show what there is, say what is missing, and leave with the exit code of a cap."""
    from rag_sweeps.errors import CapReachedError, RagSweepsError
    from rag_sweeps.outcome import read_outcome
    from rag_sweeps.proposing import n_measured

    record, trials = log.read_record(), log.trials()
    if any(trial.state == "finished" for trial in trials):
        try:
            _conclude(log, read_outcome(log), golden, console)
        except RagSweepsError as error:  # what a finished sweep would fail for is not what stopped this one
            console.print(str(error), style="yellow", markup=False, highlight=False)
    done, begun = n_measured(trials), sum(not trial.ended for trial in trials)
    missing = f"{done} of {record.count} trials were measured" + (f", {begun} begun" if begun else "")
    if done >= record.count and not begun:
        missing = "the held-out questions are not measured"
    raise CapReachedError(
        f"stopped by the cap: {cap}; {missing}. Raise budget_usd and run the same command: it goes on where it "
        "stopped, and replies that are paid for are not paid again"
    )


def _conclude(log: SweepLog, outcome: Outcome, golden: GoldenSet, console: Console) -> None:
    from rag_sweeps.cli.report import write
    from rag_sweeps.cli.tables import leaderboard, print_statements
    from rag_sweeps.errors import TrialError
    from rag_sweeps.hosting.addresses import purse_of
    from rag_sweeps.ledger import spent_usd
    from rag_sweeps.proposing import n_measured
    from rag_sweeps.store.files import shown

    record, decision, trials = outcome.record, outcome.decision, log.trials()
    page = write(log, outcome, golden)
    console.print()
    console.print(leaderboard(decision, record.swept, width=console.width))
    n_failed = sum(trial.state == "failed" for trial in trials)
    if n_failed:
        console.print(f"{n_failed} failed; rag-sweeps results lists the reasons", style="red")
    spent = spent_usd(purse_of(log))
    if spent or record.budget_usd is not None:
        cap = f" of ${record.budget_usd:.2f}" if record.budget_usd is not None else ""
        console.print(f"${spent:.4f}{cap} spent by this sweep so far", highlight=False)
    console.print(f"report: {shown(page)}", soft_wrap=True, highlight=False)
    console.print()
    print_statements(console, decision, record.swept)
    finished = n_measured(trials)
    lost = [trial.baseline for trial in trials if trial.baseline and trial.state == "failed"]
    if lost:
        raise TrialError(
            f"the baseline{'s' if len(lost) > 1 else ''} {' and '.join(lost)} failed; the same command tries it again"
        )
    if finished < record.count and n_failed:
        raise TrialError(f"{finished} of {record.count} trials finished; {n_failed} failed")
    if finished < record.count:
        console.print("every configuration of the space was measured, the baselines among them")


def _show(event: Event, console: Console, log: SweepLog) -> None:
    from rag_sweeps.cli.tables import interval, settings
    from rag_sweeps.objective import metric_interval

    trial, record = event.trial, log.read_record()
    if trial.state == "waiting":
        return
    name = f"#{trial.number:<3} {trial.baseline or '':8}"
    if event.result is None:
        words = f"{name} failed: {trial.reason}"
        console.print(words, style="red", markup=False, highlight=False, soft_wrap=not console.is_terminal)
        return
    if trial.state == "pruned":
        words = f"{name} dropped, {trial.reason}  {settings(event.result.params, record.swept)}"
        console.print(words, style="dim", markup=False, highlight=False, soft_wrap=not console.is_terminal)
        return
    value = interval(metric_interval(event.result, record.metric))
    took = "stored" if event.from_store else f"{event.seconds:.1f} s"
    console.print(
        f"{name} {value}  {settings(event.result.params, record.swept)}  ({took})",
        markup=False,
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
    if event.sink_problem:
        console.print(f"      {event.sink_problem}; the result is stored", style="yellow", markup=False)


@contextmanager
def _bars(console: Console) -> Iterator[Bars]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]${task.fields[spent]:.2f} spent"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield bars


def _stage(bars: Bars) -> Progress:
    """A second bar for work inside a trial that takes long enough to watch."""
    shown: dict[str, TaskID] = {}

    def progress(what: str, done: int, total: int) -> None:
        if done >= total:
            if what in shown:
                bars.remove_task(shown.pop(what))
            return
        if what not in shown:
            shown[what] = bars.add_task(f"  {what}", total=total, spent=0.0)
        bars.update(shown[what], completed=done, total=total)

    return progress


def _advance(bars: Bars, task: TaskID, event: Event, log: SweepLog) -> None:
    from rag_sweeps.hosting.addresses import purse_of
    from rag_sweeps.ledger import spent_usd

    record, trials = log.read_record(), log.trials()
    done = sum(trial.ended for trial in trials)
    now = "trials" if event.trial.ended else f"trial {event.trial.number}"
    total = max(record.count + record.n_baselines, done)
    bars.update(task, description=now, completed=done, total=total, spent=spent_usd(purse_of(log)))
