"""A hosted sweep -> its trials, run one after another in a process that keeps models and indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.hosting.agent_api import Command, heartbeat, register_agent
from rag_sweeps.hosting.hosted_log import (
    Taken,
    ended,
    pending_of,
    take_asked,
    take_baseline,
    take_waiting,
    unsent,
)
from rag_sweeps.hosting.interruptions import mark_preempted, was_stopped
from rag_sweeps.hosting.pulse import Pulse, RunStoppedError
from rag_sweeps.proposing import n_measured
from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.records import TrialResult
from rag_sweeps.store.sweeps import Asked, SweepLog
from rag_sweeps.sweep import Event, run_asked
from rag_sweeps.tracking.pending import PendingRun, read_pending
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import ServerDownError

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.1, 2.0
OUTAGE_SECONDS = 60.0
"""How long a worker asks a server that does not answer for its next trial."""

FLUSH_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker works on and with."""

    sweep: SweepConfig
    golden: GoldenSet
    log: SweepLog
    hosted: HostedSweep
    sender: Sender
    progress: Progress
    caller: Caller | None


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
        pending = known or pending_of(work.hosted, work.log, trial)
        pending.keep()
        return HostedSink(work, pending)

    return make


def run_agent(work: Work, *, most: int | None = None, until: int | None = None) -> Iterator[Event]:
    """Trials until the server has no more, `most` were run here, or the log holds `until` finished ones.

    Yields before and after each. Raises InputError where the sweep is gone and ServerDownError after an outage.
    """
    agent = Registration(work)
    n_run = 0
    while most is None or n_run < most:
        taken = take_waiting(work.hosted, work.log) or take_baseline(work.sweep, work.hosted, work.log)
        if taken is None:
            if until is not None and n_measured(work.log.trials()) >= until:
                return
            taken = agent.next_trial() or (_last_ones(work) if until is not None else None)
        if taken is None:
            return
        try:
            yield Event(taken.trial)
            yield run_taken(work, taken, agent)
        finally:
            taken.claim.release()
        n_run += taken.trial.baseline is None


def _last_ones(work: Work) -> Taken | None:
    """What other workers on this machine still run, and take over when one of them dies."""
    while any(trial.state == "waiting" for trial in work.log.trials()):
        taken = take_waiting(work.hosted, work.log)
        if taken is not None:
            return taken
        time.sleep(LONGEST_POLL_SECONDS / 4)
    return None


def flush(work: Work) -> int:
    """Send what is pending of this sweep, as long as the server takes it; how many stay pending."""
    until = time.monotonic() + FLUSH_SECONDS
    work.sender.try_again()
    left, down = 0, False
    for pending, claim in unsent(work.log):
        try:
            if down or time.monotonic() > until:
                left += 1
                continue
            send(work, pending)
            forget_if_ended(work.log, pending)
        except ServerDownError:
            left, down = left + 1, True
        except TrialError:
            left += 1
        finally:
            claim.release()
    return left


class Registration:
    """This worker as the server knows it; made when first needed, and anew after an outage."""

    def __init__(self, work: Work) -> None:
        self._work, self._agent = work, ""
        self._has_ended = False

    def beat(self, *running: str) -> list[Command]:
        """Raises ServerDownError and InputError."""
        server = self._work.sender.server()
        if not self._agent:
            self._agent = register_agent(self._work.hosted, server)
        return heartbeat(self._agent, running, self._work.hosted, server)

    def next_trial(self) -> Taken | None:
        """Asks until there is one; None when the server says that there are no more."""
        work, pause, last_answer = self._work, FIRST_POLL_SECONDS, time.monotonic()
        while True:
            commands: list[Command] = []
            try:
                commands = self.beat()
                last_answer = time.monotonic()
            except ServerDownError:
                work.sender.reconnect()
                if time.monotonic() - last_answer > OUTAGE_SECONDS:
                    raise
            for command in commands:
                if command.kind == "exit":
                    return None
                if command.kind in ("run", "resume"):
                    taken = take_asked(work.sweep, work.hosted, work.log, command.run_id, command.values or {})
                    if taken is not None:
                        return taken
            # Another worker on this machine may have died and left its trial.
            waiting = take_waiting(work.hosted, work.log)
            if waiting is not None:
                return waiting
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL_SECONDS)


def run_taken(work: Work, taken: Taken, agent: Registration | None) -> Event:
    """One trial, measured, sent and written down. agent: who tells the server that the run is alive, if anybody."""
    trial, pending = taken.trial, taken.pending
    # Only a run of the sweep is known to the server as this agent's.
    running = (pending.place.run_id,) if pending.place.sweep else ()
    sink = HostedSink(work, pending)

    def run() -> Event:
        record = work.log.read_record()
        return run_asked(work.sweep, work.golden, work.log, trial, record, work.caller, lambda _: sink, work.progress)

    try:
        with Pulse(lambda: agent.beat(*running) if agent and running else []):
            event = run()
    except RunStoppedError as stop:
        current = read_pending(work.log.folder.name, trial.number)
        if current is not None and current.trial_id is not None:
            event = run()  # it was measured when the stop came; what is left takes a moment
        else:
            event = _fail(work, trial, str(stop))
    except KeyboardInterrupt:
        if was_stopped(pending, work.sender):
            _send_failure(work, pending, _fail(work, trial, "stopped through W&B").trial.reason or "")
        else:
            mark_preempted(pending, work.sender)
        raise
    if event.trial.state == "failed":
        sink.has_sent = _send_failure(work, pending, event.trial.reason or "failed")
    if sink.has_sent:
        forget_if_ended(work.log, pending)
    return event


def _fail(work: Work, trial: Asked, reason: str) -> Event:
    with work.log.locked():
        work.log.fail(trial.number, reason)
    return Event(next(each for each in work.log.trials() if each.number == trial.number))


def _send_failure(work: Work, pending: PendingRun, reason: str) -> bool:
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
