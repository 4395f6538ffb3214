"""`rag-sweeps agent SWEEP`"""

from __future__ import annotations

import click


@click.command()
@click.argument("sweep")
@click.option("--count", type=click.IntRange(min=1), help="Trials this agent runs, without the baselines [no limit].")
def agent(sweep: str, count: int | None) -> None:
    """Work on a W&B sweep, ENTITY/PROJECT/ID, until it has no more trials.

    Does what `wandb agent` does, in one process that keeps its models and indexes. Any number of agents on any
    number of machines may work on one sweep.
    """
    from rich.console import Console

    from rag_sweeps.cli.hosted import leave, show, sweep_line
    from rag_sweeps.errors import InputError, TrialError
    from rag_sweeps.hosting.agent import run_agent
    from rag_sweeps.hosting.opening import open_work
    from rag_sweeps.hosting.pulse import end_on_sigterm
    from rag_sweeps.protocols import no_progress
    from rag_sweeps.tracking.mode import detect_mode

    mode = detect_mode()
    click.echo(mode.line)
    if not mode.is_online:
        raise InputError(
            "an agent works on a sweep of W&B: set WANDB_API_KEY or run wandb login, and WANDB_MODE=online"
        )
    end_on_sigterm()
    work = open_work(sweep, mode=mode.line, progress=no_progress)
    click.echo(sweep_line(work))
    console, n_failed = Console(), 0
    try:
        for event in run_agent(work, most=count):
            n_failed += event.trial.state == "failed"
            show(event, console, work)
    finally:
        leave(work)
    if n_failed:
        raise TrialError(f"{n_failed} trials failed; rag-sweeps results {work.log.folder.name} lists the reasons")
