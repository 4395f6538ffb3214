"""What a worker works on, and how the results of its trials reach the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from filelock import BaseFileLock

from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.hosting.hosted_log import begin_pending, ended, pending_of, unsent
from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.records import TrialResult
from rag_sweeps.store.sweeps import Asked, SweepLog
from rag_sweeps.sweep import Event
from rag_sweeps.tracking.pending import PendingRun, read_pending
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import ServerDownError

FLUSH_SECONDS = 90.0
MOST_ON_THE_WAY = 16
"""Runs whose traces are waited for together: Weave sends what it has once a second."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker works on and with. on_the_way: runs that were sent, and whose traces may not have arrived."""

    sweep: SweepConfig
    golden: GoldenSet
    log: SweepLog
    hosted: HostedSweep
    sender: Sender
    progress: Progress
    caller: Caller | None
    on_the_way: list[tuple[PendingRun, BaseFileLock]] = field(default_factory=list)


class HostedSink:
    """Writes the run of one trial: first what is pending, then the server."""

    def __init__(self, work: Work, pending: PendingRun) -> None:
        self._work, self._pending = work, pending
        self.has_sent = False

    def write(self, result: TrialResult) -> None:
        send(self._work, ended(self._pending, trial_id=result.trial_id, params=dict(result.params)))
        self.has_sent = True


def send(work: Work, pending: PendingRun) -> None:
    """Raises TrialError where the run stays pending."""
    try:
        work.sender.send(pending, work.golden)
    except InputError as error:
        raise TrialError(str(error)) from error


def sink_for(work: Work) -> Callable[[Asked], HostedSink]:
    """Sinks for a search that goes on without the server."""

    def make(trial: Asked) -> HostedSink:
        known = read_pending(work.log.folder.name, trial.number)
        pending = known or begin_pending(work.log, pending_of(work.hosted, work.log, trial))
        return HostedSink(work, pending)

    return make


def note_sent(work: Work, pending: PendingRun, claim: BaseFileLock) -> None:
    """A run is the server's; its claim is held until its traces arrived too, so that nobody sends them again."""
    work.on_the_way.append((pending, claim))
    if len(work.on_the_way) >= MOST_ON_THE_WAY:
        await_traces(work)


def release(work: Work, claim: BaseFileLock) -> None:
    """End the claim on a trial, unless it is held for traces that are on their way."""
    if not any(claim is held for _, held in work.on_the_way):
        claim.release()


def await_traces(work: Work) -> int:
    """Wait for the traces that are on their way and forget their runs; how many stay pending."""
    waiting = list(work.on_the_way)
    work.on_the_way.clear()
    try:
        work.sender.settle()
        arrived = True
    except TrialError:
        arrived = False
    for pending, claim in waiting:
        if arrived:
            forget_if_ended(work.log, pending)
        claim.release()
    return 0 if arrived else len(waiting)


def flush(work: Work) -> int:
    """Send what is pending of this sweep, as long as the server takes it; how many stay pending."""
    until = time.monotonic() + FLUSH_SECONDS
    work.sender.try_again()
    left, down = await_traces(work), False
    for pending, claim in unsent(work.log):
        try:
            if down or time.monotonic() > until:
                left += 1
                continue
            send(work, pending)
            note_sent(work, pending, claim)
        except ServerDownError:
            left, down = left + 1, True
        except TrialError:
            left += 1
        finally:
            release(work, claim)
    return left + await_traces(work)


def note_failure(work: Work, trial: Asked, reason: str) -> Event:
    with work.log.locked():
        work.log.fail(trial.number, reason)
    return Event(next(each for each in work.log.trials() if each.number == trial.number))


def send_failure(work: Work, pending: PendingRun, reason: str) -> bool:
    full = work.sweep.sends_full_text
    failed = ended(pending, failure=reason if full else "failed; the reason is in the local log", exit_code=1)
    try:
        send(work, failed)
    except TrialError:
        return False  # it stays pending
    return True


def forget_if_ended(log: SweepLog, pending: PendingRun) -> None:
    """A run is forgotten once the log knows how its trial ended; before, the id of the run is still needed."""
    if any(trial.number == pending.number and trial.state != "waiting" for trial in log.trials()):
        pending.forget()
