"""`rag-sweeps sweep` while logged in: registers the sweep, then works on it like any other agent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.config import SweepConfig
    from rag_sweeps.golden import GoldenSet
    from rag_sweeps.hosting.addresses import HostedSweep
    from rag_sweeps.hosting.work import Work
    from rag_sweeps.protocols import Progress
    from rag_sweeps.store.sweeps import SweepLog
    from rag_sweeps.sweep import Event
    from rag_sweeps.tracking.sending import Sender

CHILD_SECONDS = 60
TRIES, PAUSE_SECONDS = 2, 1.0
"""Before a sweep is searched without a server: a moment's trouble must not keep it from being registered."""


def open_hosted(sweep: SweepConfig, golden: GoldenSet, log: SweepLog, *, count: int, progress: Progress) -> Work:
    """Register the sweep, or find it again. A server that does not answer leaves a local search with pending runs."""
    from rag_sweeps.calling import sweep_caller
    from rag_sweeps.cli.hosted import sweep_line
    from rag_sweeps.hosting.addresses import purse_of, recall
    from rag_sweeps.hosting.opening import hosted_config, local_hosting
    from rag_sweeps.hosting.work import Work
    from rag_sweeps.proposing import is_complete
    from rag_sweeps.tracking.sending import Sender
    from rag_sweeps.tracking.server import ServerDownError, connect

    entity, project = sweep.document.get("entity"), sweep.document.get("project")
    known, sender = recall(log), Sender(lambda: connect(entity=entity, project=project))
    if known is None and is_complete(log.trials(), count=count):
        # Measured while no server answered: what is pending is sent, and nothing is left to register a sweep for.
        hosted = local_hosting(log)
    else:
        try:
            hosted = _registered(sweep, golden, log, sender, count=count, tries=1 if known else TRIES)
        except ServerDownError as error:
            if known is None:
                told = "the search runs here, and rag-sweeps sync sends its results later"
                click.echo(f"warning: {error}; {told}", err=True)
            hosted = known or local_hosting(log)
    caller = sweep_caller(sweep, purse_of(log))
    work = Work(hosted_config(sweep, hosted), golden, log, hosted, sender, progress, caller)
    if hosted.sweep:
        click.echo(sweep_line(work, proposes=True))
    return work


def _registered(
    sweep: SweepConfig, golden: GoldenSet, log: SweepLog, sender: Sender, *, count: int, tries: int
) -> HostedSweep:
    from rag_sweeps.hosting.registering import registered
    from rag_sweeps.tracking.server import ServerDownError

    for left in reversed(range(tries)):
        try:
            return registered(sweep, golden, log, sender.server(), count=count)
        except ServerDownError:
            sender.reconnect()
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
    raise AssertionError("the last try returns or raises")


def hosted_events(work: Work, *, count: int, workers: int) -> Iterator[Event]:
    """Events of this process; further workers are agents of their own, and their trials appear in the log."""
    from rag_sweeps.hosting.agent import run_agent
    from rag_sweeps.hosting.others import bring_together
    from rag_sweeps.tracking.server import ServerDownError

    if not work.hosted.sweep:
        yield from _run_here(work)
        return
    command = [sys.executable, "-m", "rag_sweeps", "agent", work.hosted.path]
    # Each worker starts a W&B service of its own; one that it inherits ends with this process.
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    null = subprocess.DEVNULL
    children = [
        subprocess.Popen(command, env=environment, stdin=null, stdout=null, stderr=null) for _ in range(workers - 1)
    ]
    scheduler = _start_scheduler(work, environment)
    try:
        yield from run_agent(work, until=count)
        for child in children:
            child.wait(timeout=CHILD_SECONDS)
        bring_together(work)
    except ServerDownError as error:
        click.echo(f"warning: {error}; the search goes on here without W&B", err=True)
        yield from _run_here(work)
    except subprocess.TimeoutExpired:
        pass  # its trials are in the log already
    finally:
        for child in (*children, *scheduler):
            child.terminate()


def _run_here(work: Work) -> Iterator[Event]:
    from rag_sweeps.hosting.work import sink_for
    from rag_sweeps.sweep import work as run_local

    sinks = sink_for(work)
    yield from run_local(work.sweep, work.golden, work.log, caller=work.caller, sink_for=sinks, progress=work.progress)


def _start_scheduler(work: Work, environment: Mapping[str, str]) -> list[subprocess.Popen[bytes]]:
    """W&B's scheduler beside this worker, where the config names one; it reads its source from its own folder."""
    scheduler = work.sweep.document.get("scheduler")
    if not scheduler:
        return []
    source = str(scheduler.get("source", ""))
    folder = Path.cwd() if Path(source).is_file() else work.sweep.path.absolute().parent
    command = [sys.executable, "-m", "wandb", "sweep-scheduler", "--poll-interval", "1", work.hosted.path]
    null = subprocess.DEVNULL
    return [subprocess.Popen(command, cwd=folder, env=environment, stdin=null, stdout=null, stderr=null)]
