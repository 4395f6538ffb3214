"""Trials that a server asked for -> the local log, so that results, reports and restarts work as for a local sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from filelock import BaseFileLock

from rag_sweeps.config import SweepConfig
from rag_sweeps.hosting.addresses import HostedSweep
from rag_sweeps.search import baseline_proposals, space_of
from rag_sweeps.store.files import digest_of
from rag_sweeps.store.sweeps import Asked, SweepLog
from rag_sweeps.tracking.pending import PendingRun, all_pending, read_pending
from rag_sweeps.tracking.wandb_runs import RunPlace

RUNS_FILE = "runs.txt"


@dataclass(frozen=True, slots=True)
class Taken:
    """A trial, the run it is on the server, and the claim that keeps others from it."""

    trial: Asked
    pending: PendingRun
    claim: BaseFileLock


def take_asked(
    sweep: SweepConfig, hosted: HostedSweep, log: SweepLog, run_id: str, values: Mapping[str, Any]
) -> Taken | None:
    """Note a run that the server gave to this worker. None where the log has it already, from before a restart."""
    proposal = {name: value for name, value in values.items() if name in sweep.swept}
    with log.locked():
        repair(log)
        if run_id in known_runs(log):
            return None
        number = len(log.trials())
        return _begin(hosted, log, Asked(number, proposal, None), run_id, in_sweep=True)


def take_waiting(hosted: HostedSweep, log: SweepLog) -> Taken | None:
    """A trial that somebody began and did not end: its worker was killed, or it is tried again."""
    with log.locked():
        repair(log)
        for trial in log.trials():
            if trial.state != "waiting":
                continue
            claim = log.claim(trial.number)
            if claim is not None:
                pending = read_pending(log.folder.name, trial.number)
                if pending is None:
                    pending = begin_pending(log, pending_of(hosted, log, trial))
                return Taken(trial, pending, claim)
    return None


def take_baseline(
    sweep: SweepConfig, hosted: HostedSweep, log: SweepLog, *, is_free: Callable[[str], bool] = lambda _: True
) -> Taken | None:
    """A baseline of the sweep that this log does not have yet and, by its run's id, nobody else is at."""
    with log.locked():
        trials = log.trials()
        known = {trial.baseline for trial in trials}
        for name, proposal in baseline_proposals(space_of(sweep)).items():
            trial = Asked(len(trials), proposal, name)
            if name not in known and is_free(own_run_id(hosted, log, trial)):
                return _begin(hosted, log, trial, own_run_id(hosted, log, trial), in_sweep=False)
    return None


def pending_of(hosted: HostedSweep, log: SweepLog, trial: Asked) -> PendingRun:
    """The run of a trial that no server named: its id comes from sweep and trial, the same for every worker."""
    return _pending(hosted, log, trial, own_run_id(hosted, log, trial), in_sweep=trial.baseline is None)


def own_run_id(hosted: HostedSweep, log: SweepLog, trial: Asked) -> str:
    what = [trial.baseline, dict(trial.proposal)]
    return f"{hosted.sweep or log.folder.name}-{trial.baseline or 'trial'}-{digest_of(what)[:10]}"


def repair(log: SweepLog) -> None:
    """Trials whose worker was killed between writing down the run and the trial. Inside `log.locked()`."""
    known = {trial.number for trial in log.trials()}
    for pending in all_pending(log.folder.name):
        if pending.number not in known:
            log.ask(pending.number, pending.proposal, baseline=pending.baseline)


def known_runs(log: SweepLog) -> set[str]:
    """Runs on the server that this log has a trial for, sent or pending."""
    path = log.folder / RUNS_FILE
    return set(path.read_text(encoding="utf-8").split()) if path.is_file() else set()


def note_run(log: SweepLog, run_id: str) -> None:
    """Inside `log.locked()`."""
    with (log.folder / RUNS_FILE).open("a", encoding="utf-8") as file:
        file.write(f"{run_id}\n")


def unsent(log: SweepLog) -> Iterator[tuple[PendingRun, BaseFileLock]]:
    """Runs that ended and that nobody is sending now, each with the claim on it."""
    for pending in all_pending(log.folder.name):
        if not pending.is_measured:
            continue
        claim = log.claim(pending.number)
        if claim is not None:
            # Another worker may have sent it between the listing and the claim.
            current = read_pending(log.folder.name, pending.number)
            if current is None:
                claim.release()
                continue
            yield current, claim


def _begin(hosted: HostedSweep, log: SweepLog, trial: Asked, run_id: str, *, in_sweep: bool) -> Taken | None:
    pending = _pending(hosted, log, trial, run_id, in_sweep=in_sweep)
    claim = log.claim(trial.number)
    if claim is None:
        return None
    begin_pending(log, pending)
    log.ask(trial.number, trial.proposal, baseline=trial.baseline)
    return Taken(trial, pending, claim)


def _pending(hosted: HostedSweep, log: SweepLog, trial: Asked, run_id: str, *, in_sweep: bool) -> PendingRun:
    place = RunPlace(
        run_id=run_id,
        name=f"{trial.number:03d} {trial.baseline or run_id[-6:]}",
        group=hosted.sweep or log.folder.name,
        job_type="baseline" if trial.baseline else "trial",
        tags=("baseline", trial.baseline) if trial.baseline else (),
        entity=hosted.address.entity or None,
        project=hosted.address.project,
        sweep=(hosted.sweep or None) if in_sweep else None,
        base_url=hosted.address.base_url,
    )
    golden = hosted.golden.partition("@")[0] if hosted.golden else None
    return PendingRun(
        hosted.address, place, log.folder.name, trial.number, dict(trial.proposal), trial.baseline, golden
    )


def begin_pending(log: SweepLog, pending: PendingRun) -> PendingRun:
    """Write a run down before anything is done for it."""
    pending.keep()
    note_run(log, pending.place.run_id)
    return pending


def ended(pending: PendingRun, **changes: Any) -> PendingRun:
    """The pending run with what came of it, written down before anything is sent."""
    changed = replace(pending, **changes)
    changed.keep()
    return changed
