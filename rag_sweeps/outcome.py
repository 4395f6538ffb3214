"""The log of a sweep and the stored results -> what it measured so far, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_sweeps.config import SweepConfig
from rag_sweeps.decision import Decision, Measured, decide
from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.measuring import measure
from rag_sweeps.objective import OBJECTIVE, with_objective
from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.records import TrialResult
from rag_sweeps.store.golden_sets import kept_tags
from rag_sweeps.store.results import read_kept_result, read_result
from rag_sweeps.store.sweeps import Asked, SweepLog, SweepRecord


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sweep as far as it went: what it was to do, what it measured, and the decision on its first metric."""

    record: SweepRecord
    measured: tuple[Measured, ...]
    decision: Decision


def read_outcome(log: SweepLog) -> Outcome:
    """What the log and the store hold. Raises InputError where nothing is finished, TrialError where all failed."""
    return outcome_of(log, measured_trials(log))


def outcome_of(log: SweepLog, measured: Sequence[Measured]) -> Outcome:
    """`read_outcome` for who has read the stored results already."""
    record = log.read_record()
    if all(entry.pruned for entry in measured):
        failed = [trial for trial in log.trials() if trial.state == "failed"]
        if failed:
            raise TrialError(f"no trial finished, {len(failed)} failed; the last one: {failed[-1].reason}")
        raise InputError(f"sweep {record.sweep_id} has no finished trial yet")
    cost_counts = record.metric == OBJECTIVE and float(record.settings["cost_weight"]) > 0
    decision = decide(
        measured,
        metric=record.metric,
        goal=record.goal,
        cost_counts=cost_counts,
        second=record.objectives[1] if len(record.objectives) > 1 else None,
        tags=kept_tags(record.golden_digest),
    )
    return Outcome(record, tuple(measured), decision)


def measured_trials(log: SweepLog) -> list[Measured]:
    """The stored results of the trials that ended with one, with the sweep's objective; of those that a race dropped,
    what they reached."""
    settings = log.read_record().settings
    found = []
    for trial in log.trials():
        if trial.state not in ("finished", "pruned") or trial.trial_id is None:
            continue
        dev = stored_result(log, trial)
        if dev is None:
            raise TrialError(f"the result of trial {trial.number} is missing or damaged; run the sweep again")
        test = read_result(trial.trial_id, "test") if trial.confirmed else None
        found.append(
            Measured(
                number=trial.number,
                dev=with_objective(dev, settings),
                baseline=trial.baseline,
                test=with_objective(test, settings) if test else None,
                pruned=trial.state == "pruned",
            )
        )
    return found


def stored_result(log: SweepLog, trial: Asked) -> TrialResult | None:
    """The dev result of a trial that ended with one, finished or dropped; None where it is lost."""
    assert trial.trial_id is not None, "a trial without a result has no id yet"
    if trial.state == "pruned":
        return read_kept_result(log.pruned_path(trial.trial_id))
    return read_result(trial.trial_id, "dev")


def confirm(
    sweep: SweepConfig,
    golden: GoldenSet,
    log: SweepLog,
    outcome: Outcome,
    *,
    caller: Caller | None = None,
    progress: Progress,
) -> Outcome:
    """Measure the recommended configuration, the leader and the baselines on the held-out split."""
    decision = outcome.decision
    chosen = {decision.recommended.measured.number, decision.best.measured.number}
    wanted = [entry for entry in outcome.measured if entry.test is None and (entry.number in chosen or entry.baseline)]
    if not wanted or not golden.split("test"):
        return outcome
    proposals = {trial.number: trial.proposal for trial in log.trials()}
    for entry in wanted:
        params = sweep.trial_params(proposals[entry.number])
        measure(params, golden, caller=caller, split="test", progress=progress)
        with log.locked():
            log.confirm(entry.number)
    return read_outcome(log)
