"""`rag-sweeps report [SWEEP]`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.gating import Gate
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.outcome import Outcome
    from rag_sweeps.store.sweeps import SweepLog


@click.command()
@click.argument("sweep", required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Where to write the page.")
@click.option("--wandb", "to_wandb", is_flag=True, help="Write a W&B report; again, and it is the same report.")
@click.option("--baseline", "-b", help="With --wandb: the trial in use now, to compare with; an id or a file.")
def report(sweep: str | None, output: Path | None, to_wandb: bool, baseline: str | None) -> None:
    """Write the report of a sweep: an HTML page that opens from disk without a network, or a W&B report.

    SWEEP is ENTITY/PROJECT/ID, the id of a local sweep or the beginning of it; without it, the sweep that ran last.
    """
    from rag_sweeps.errors import InputError
    from rag_sweeps.golden import load_golden
    from rag_sweeps.hosting.addresses import find_log
    from rag_sweeps.outcome import read_outcome
    from rag_sweeps.store.golden_sets import kept_golden_folder

    if baseline and not to_wandb:
        raise InputError("--baseline belongs to --wandb; rag-sweeps gate compares two trials in the terminal")
    if output and to_wandb:
        raise InputError("--output is the file of the HTML page; leave out one of --output and --wandb")
    if to_wandb:
        _write_wandb(sweep, baseline)
        return
    log = find_log(sweep)
    outcome = read_outcome(log)
    golden = load_golden(kept_golden_folder(outcome.record.golden_digest))
    click.echo(f"report: {write(log, outcome, golden, output)}")


def _write_wandb(sweep: str | None, baseline: str | None) -> None:
    from rag_sweeps.cli.hosted import need_login, say_pending
    from rag_sweeps.hosting.reporting import content_of, n_runs, server_of, whole_log
    from rag_sweeps.outcome import read_outcome
    from rag_sweeps.tracking.wandb_report import write_wandb_report

    log, problem = whole_log(sweep, mode=need_login("a W&B report"))
    outcome = read_outcome(log)
    incumbent = _against(baseline, outcome) if baseline else None
    server = server_of(log)
    content = content_of(log, outcome, server.address, incumbent)
    saved, is_update = write_wandb_report(content, server, log.folder)
    n_here, n_there = len(log.trials()), n_runs(content, server)
    if problem is not None:
        click.echo(f"warning: only what this machine measured is reported: {problem}", err=True)
    if n_there > n_here:
        click.echo(f"W&B holds {n_there} runs, {n_here} of them are known here; the report decides on those")
    if n_there < n_here:
        click.echo(f"W&B holds {n_there} runs of the {n_here} that are known here; its plots show no others")
    say_pending()
    click.echo(f"report {'updated' if is_update else 'written'}: {saved.url}")


def _against(baseline: str, outcome: Outcome) -> Gate:
    """The recommended configuration as a candidate, on held-out questions where both were measured on them."""
    from rag_sweeps.cli.gate import read_pair
    from rag_sweeps.gating import gate

    entry = outcome.decision.recommended.measured
    theirs, ours = read_pair(baseline, entry.dev.trial_id, None if entry.test is not None else "dev")
    return gate(theirs, ours)


def write(log: SweepLog, outcome: Outcome, golden: GoldenSet, output: Path | None = None) -> Path:
    """Write the page of what a sweep measured so far."""
    from dataclasses import replace

    from rag_sweeps.decision import statements
    from rag_sweeps.report import Failure, ReportData, write_report

    record, decision = outcome.record, outcome.decision
    path = output or log.folder / "report.html"
    write_report(
        ReportData(
            title=record.name,
            sweep_id=record.sweep_id,
            decision=decision,
            measured=outcome.measured,
            swept=record.swept,
            golden=replace(golden, name=record.golden_name),
            failures=tuple(
                Failure(trial.number, trial.proposal, trial.reason or "")
                for trial in log.trials()
                if trial.state == "failed"
            ),
            mode=record.mode,
            created=record.created,
            statements=tuple(statements(decision, record.swept)),
        ),
        path,
    )
    return path
