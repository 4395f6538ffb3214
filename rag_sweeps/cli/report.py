"""`rag-sweeps report [SWEEP]`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.outcome import Outcome
    from rag_sweeps.store.sweeps import SweepLog


@click.command()
@click.argument("sweep", required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Where to write the page.")
def report(sweep: str | None, output: Path | None) -> None:
    """Write the HTML report of a sweep: one page that opens from disk, without a network.

    SWEEP is the id of a sweep or the beginning of it; without it, the sweep that ran last.
    """
    from rag_sweeps.golden import load_golden
    from rag_sweeps.outcome import read_outcome
    from rag_sweeps.store.golden_sets import kept_golden_folder
    from rag_sweeps.store.sweeps import find_sweep

    log = find_sweep(sweep)
    outcome = read_outcome(log)
    golden = load_golden(kept_golden_folder(outcome.record.golden_digest))
    click.echo(f"report: {write(log, outcome, golden, output)}")


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
