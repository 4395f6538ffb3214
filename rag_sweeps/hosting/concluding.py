"""What a sweep came to so far -> its summary run on the server."""

from __future__ import annotations

from rag_sweeps.errors import InputError, RagSweepsError, TrialError
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.outcome import Outcome, read_outcome
from rag_sweeps.store.files import write_text_atomic
from rag_sweeps.store.sweeps import SweepLog
from rag_sweeps.tracking.pending import summary_marker
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.summary import summarize, write_summary
from rag_sweeps.tracking.wandb_runs import RunPlace


def conclude(log: SweepLog, hosted: HostedSweep, sender: Sender) -> str | None:
    """Bring the summary run up to date; why it is not, else None. A marker stands as long as it is not."""
    outcome = _outcome(log)
    marker = summary_marker(log.folder.name)
    if outcome is None:
        marker.unlink(missing_ok=True)
        return None
    summary = summarize(outcome.decision, outcome.record)
    place = _place(hosted, log)
    write_text_atomic(marker, "")
    try:
        sender.call(lambda server: write_summary(summary, place, outcome.record, server), f"take run {place.run_id}")
    except RagSweepsError as error:
        return str(error)
    marker.unlink(missing_ok=True)
    return None


def _outcome(log: SweepLog) -> Outcome | None:
    """None where nothing is finished that could be compared."""
    try:
        return read_outcome(log)
    except (InputError, TrialError):
        return None


def _place(hosted: HostedSweep, log: SweepLog) -> RunPlace:
    group = hosted.sweep or log.folder.name
    return RunPlace(
        run_id=f"{group}-summary",
        name="summary",
        group=group,
        job_type="summary",
        entity=hosted.address.entity or None,
        project=hosted.address.project,
        base_url=hosted.address.base_url,
    )
