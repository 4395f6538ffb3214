"""What the verbs that work on a W&B sweep print, and how each of them leaves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from rag_sweeps.hosting.work import Work
    from rag_sweeps.sweep import Event
    from rag_sweeps.tracking.pending import PendingRun


def sweep_line(work: Work, *, proposes: bool = False) -> str:
    """proposes: this command runs the scheduler of a sweep that has one."""
    line = f"sweep {work.hosted.path} at {work.hosted.address.base_url}: wandb agent {work.hosted.path}"
    if "scheduler" in work.sweep.document:
        told = "its scheduler runs beside this command"
        line += f"\n{told}" if proposes else f"\npropose trials with: wandb sweep-scheduler {work.hosted.path}"
    return line


def need_login(what: str) -> str:
    """The mode's line. Raises InputError where nothing may be sent to W&B."""
    from rag_sweeps.errors import InputError
    from rag_sweeps.tracking.mode import detect_mode

    mode = detect_mode()
    if not mode.is_online:
        raise InputError(f"{what} needs W&B: set WANDB_API_KEY or run wandb login, and WANDB_MODE=online")
    return mode.line


def show(event: Event, console: Console, work: Work) -> None:
    from rag_sweeps.cli.sweep import _show

    _show(event, console, work.log)


def leave(work: Work, *, only_when_complete: bool = False) -> None:
    """Send what is pending, bring the sweep's summary up to date and say what stays pending, however the verb ends.

    only_when_complete: leave the summary alone as long as trials are missing; one trial of many is not worth it.
    """
    from rag_sweeps.hosting.concluding import conclude
    from rag_sweeps.hosting.others import bring_together
    from rag_sweeps.hosting.work import await_traces, flush
    from rag_sweeps.proposing import is_complete
    from rag_sweeps.tracking.pending import summary_marker

    interrupted = isinstance(sys.exc_info()[1], KeyboardInterrupt)
    if interrupted:
        await_traces(work)
    else:
        n_left = flush(work)
        if not only_when_complete or is_complete(work.log.trials(), count=work.log.read_record().count):
            bring_together(work)
            if n_left:
                summary_marker(work.log.folder.name).touch()
            else:
                conclude(work.log, work.hosted, work.sender)
    say_pending()


def say_pending() -> None:
    from rag_sweeps.tracking.pending import all_pending, pending_summaries

    pending = [each for each in all_pending() if not _in_hand(each)]
    measured = sum(each.is_measured for each in pending)
    if measured:
        click.echo(f"{measured} {_results(measured)} pending: stored here, not on W&B yet; rag-sweeps sync sends them")
    for log_id in pending_summaries():
        click.echo(f"the summary of {log_id} is pending")
    if len(pending) > measured:
        left = len(pending) - measured
        click.echo(
            f"{left} {'trial was' if left == 1 else 'trials were'} begun and not measured; the same command goes on"
        )


def _in_hand(pending: PendingRun) -> bool:
    """Whether another process runs or sends it right now."""
    from rag_sweeps.store.sweeps import SweepLog

    claim = SweepLog(pending.log_id).claim(pending.number)
    if claim is None:
        return True
    claim.release()
    return False


def _results(n: int) -> str:
    return "result is" if n == 1 else "results are"
