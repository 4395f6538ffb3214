"""A hosted sweep -> its trials, run one after another in a process that keeps models and indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.hosting.agent_api import heartbeat, register_agent
from rag_sweeps.hosting.hosted_log import (
    Taken,
    ended,
    pending_of,
    take_asked,
    take_baseline,
    take_waiting,
    unsent,
)
from rag_sweeps.hosting.pulse import Pulse, RunStoppedError
from rag_sweeps.protocols import Progress
from rag_sweeps.records import TrialResult
from rag_sweeps.store.sweeps import Asked, SweepLog
from rag_sweeps.sweep import Event, n_finished, run_asked
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


class HostedSink:
    """Writes the run of one trial: first what is pending, then the server."""

    def __init__(self, work: Work, pending: PendingRun) -> None:
        self._work, self._pending = work, pending

    def write(self, result: TrialResult) -> None:
        pending = ended(self._pending, trial_id=result.trial_id, params=dict(result.params))
        send(self._work, pending)


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
            if until is not None and n_finished(work.log.trials()) >= until:
                return
            taken = agent.next_trial()
        if taken is None:
            return
        try:
            yield Event(taken.trial)
            yield _run(work, taken, agent)
        finally:
            taken.claim.release()
        n_run += taken.trial.baseline is None


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
            _forget_if_ended(work.log, pending)
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

    def beat(self, *running: str) -> list[object]:
        """Raises ServerDownError and InputError."""
        server = self._work.sender.server()
        if not self._agent:
            self._agent = register_agent(self._work.hosted, server)
        return list(heartbeat(self._agent, running, self._work.hosted, server))

    def next_trial(self) -> Taken | None:
        """Asks until there is one; None when the server says that there are no more."""
        from rag_sweeps.hosting.agent_api import Command

        work, pause, last_answer = self._work, FIRST_POLL_SECONDS, time.monotonic()
        while True:
            commands: list[object] = []
            try:
                commands = self.beat()
                last_answer = time.monotonic()
            except ServerDownError:
                work.sender.reconnect()
                if time.monotonic() - last_answer > OUTAGE_SECONDS:
                    raise
            for command in commands:
                assert isinstance(command, Command)
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


def _run(work: Work, taken: Taken, agent: Registration) -> Event:
    trial, pending = taken.trial, taken.pending
    beats = pending.place.sweep is not None
    try:
        with Pulse(lambda: agent.beat(pending.place.run_id) if beats else []):
            event = run_asked(
                work.sweep,
                work.golden,
                work.log,
                trial,
                work.log.read_record(),
                lambda _: HostedSink(work, pending),
                work.progress,
            )
    except RunStoppedError as stop:
        with work.log.locked():
            work.log.fail(trial.number, str(stop))
        event = Event(next(each for each in work.log.trials() if each.number == trial.number))
    if event.trial.state == "failed":
        _send_failure(work, pending, event.trial.reason or "failed")
    _forget_if_sent(work, pending)
    return event


def _send_failure(work: Work, pending: PendingRun, reason: str) -> None:
    full = work.sweep.constants.get("logged_text", "full") == "full"
    failed = ended(pending, failure=reason if full else "failed; the reason is in the local log", exit_code=1)
    try:
        send(work, failed)
    except TrialError:
        return  # it stays pending


def _forget_if_sent(work: Work, pending: PendingRun) -> None:
    if not work.sender.failed_last:
        _forget_if_ended(work.log, pending)


def _forget_if_ended(log: SweepLog, pending: PendingRun) -> None:
    """A run is forgotten once the log knows how its trial ended; before, the id of the run is still needed."""
    if any(trial.number == pending.number and trial.state != "waiting" for trial in log.trials()):
        pending.forget()
