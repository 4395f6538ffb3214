"""A hosted sweep -> its trials, run one after another in a process that keeps models and indexes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rag_sweeps.errors import CapReachedError, InputError, RagSweepsError
from rag_sweeps.hosting.claims import claim_run
from rag_sweeps.hosting.hosted_log import Taken, take_baseline, take_waiting
from rag_sweeps.hosting.interruptions import mark_preempted, was_stopped
from rag_sweeps.hosting.others import bring_together, take_over
from rag_sweeps.hosting.pulse import Pulse, RunStoppedError
from rag_sweeps.hosting.registration import LONGEST_POLL_SECONDS, Registration
from rag_sweeps.hosting.work import HostedSink, Work, note_failure, note_sent, release, send_failure
from rag_sweeps.proposing import n_measured
from rag_sweeps.sweep import Event, run_asked
from rag_sweeps.tracking.pending import read_pending


def run_agent(work: Work, *, most: int | None = None, until: int | None = None) -> Iterator[Event]:
    """Trials until the server has no more, `most` were run here, or the log holds `until` finished ones.

    Yields before and after each. Raises InputError where the sweep is gone and ServerDownError after an outage.
    """
    agent = Registration(work)
    bring_together(work)
    n_run = 0
    while most is None or n_run < most:
        taken = take_waiting(work.hosted, work.log) or free_baseline(work)
        if taken is None and until is not None and n_measured(work.log.trials()) >= until:
            break
        taken = taken or agent.next_trial() or _left_over(work, waits=until is not None)
        if taken is None:
            break
        try:
            yield Event(taken.trial)
            yield run_taken(work, taken, agent)
        finally:
            release(work, taken.claim)
        n_run += taken.trial.baseline is None
    agent.end()


def free_baseline(work: Work) -> Taken | None:
    """A baseline that no machine has begun; without an answer of the server, one that this machine has not."""

    def is_free(run_id: str) -> bool:
        if not work.hosted.sweep or work.sender.is_paused:
            return True
        try:
            return claim_run(work, run_id, work.sender.server())
        except RagSweepsError:
            return True

    return take_baseline(work.sweep, work.hosted, work.log, is_free=is_free)


def _left_over(work: Work, *, waits: bool) -> Taken | None:
    """When the server has no more: what a worker that is gone left, here or on another machine.

    waits: for what other workers on this machine still run.
    """
    bring_together(work)
    while True:
        taken = take_over(work) or take_waiting(work.hosted, work.log)
        # A baseline whose claimant never sent it is measured after all; the run's id is the same.
        taken = taken or take_baseline(work.sweep, work.hosted, work.log)
        if taken is not None:
            return taken
        if not waits or not any(trial.state == "waiting" for trial in work.log.trials()):
            return None
        time.sleep(LONGEST_POLL_SECONDS / 4)


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
        # Where it was measured when the stop came, what is left takes a moment.
        is_measured = current is not None and current.trial_id is not None
        event = run() if is_measured else note_failure(work, trial, str(stop))
    except KeyboardInterrupt:
        if was_stopped(pending, work.sender):
            send_failure(work, pending, note_failure(work, trial, "stopped through W&B").trial.reason or "")
        else:
            mark_preempted(pending, work.sender)
        raise
    except (CapReachedError, InputError):
        # The trial is not the one to blame: it stays to be done, with more money or another key.
        mark_preempted(pending, work.sender)
        raise
    if event.trial.state == "failed":
        sink.has_sent = send_failure(work, pending, event.trial.reason or "failed")
    if sink.has_sent:
        note_sent(work, pending, taken.claim)
    return event
