"""SweepConfig -> a finished sweep: workers take trials from a shared log until there are enough."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import optuna
from filelock import BaseFileLock

from rag_sweeps.config import SweepConfig
from rag_sweeps.decision import Decision, Measured, decide
from rag_sweeps.errors import InputError, RagSweepsError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.objective import OBJECTIVE, metric_interval, with_objective
from rag_sweeps.parameters import DEFAULTS, TrialParams
from rag_sweeps.protocols import Progress, Sink
from rag_sweeps.records import Split, TrialResult
from rag_sweeps.search import SearchSpace, baseline_proposals, is_exhausted, make_study, space_of
from rag_sweeps.store.golden_sets import keep_golden
from rag_sweeps.store.results import read_result, write_result
from rag_sweeps.store.sweeps import Asked, SweepLog, SweepRecord
from rag_sweeps.trial import run_trial, trial_id

FAILURES_THAT_STOP = 3
POLL_SECONDS = 0.2
OBJECTIVE_SETTINGS = ("quality_metric", "cost_metric", "cost_weight")

SinkFactory = Callable[[Asked], Sink]


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person who watches a sweep wants to know: a trial begins, finished or failed.

    from_store: the result was there already. sink_problem: the result is stored, but could not be sent on.
    """

    trial: Asked
    result: TrialResult | None = None
    seconds: float = 0.0
    from_store: bool = False
    sink_problem: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sweep as far as it went: what it was to do, what it measured, and the decision on its first metric."""

    record: SweepRecord
    measured: tuple[Measured, ...]
    decision: Decision


class SweepStoppedError(RagSweepsError):
    """The first trials of a sweep all failed; going on would fail the same way."""


def sweep_id(sweep: SweepConfig, golden: GoldenSet) -> str:
    """The same search on the same golden set is the same sweep: running it again goes on where it stopped."""
    return f"{sweep.sweep_id}-{golden.digest[:6]}"


def begin(sweep: SweepConfig, golden: GoldenSet, *, count: int, mode: str, created: str) -> SweepLog:
    """Write what the sweep is to do. Trials whose result was lost are run again; so are failed baselines, and all
    failed trials of a sweep that is not complete.
    """
    log = SweepLog(sweep_id(sweep, golden))
    keep_golden(golden)
    with log.locked():
        log.write_record(
            SweepRecord(
                sweep_id=sweep_id(sweep, golden),
                name=sweep.name,
                config_path=str(sweep.path),
                objectives=tuple((objective.name, objective.goal) for objective in sweep.objectives),
                settings={name: sweep.constants.get(name, DEFAULTS[name]) for name in OBJECTIVE_SETTINGS},
                swept=tuple(sweep.swept),
                count=count,
                n_baselines=len(baseline_proposals(space_of(sweep))),
                budget_usd=sweep.budget_usd,
                golden_name=golden.name,
                golden_digest=golden.digest,
                mode=mode,
                created=log.read_record().created if log.trials() else created,
            )
        )
        for trial in log.trials():
            if trial.trial_id is not None and read_result(trial.trial_id, "dev") is None:
                log.retry(trial.number)
        trials = log.trials()
        if n_finished(trials) < count:
            for trial in trials:
                if trial.state == "failed":
                    log.retry(trial.number)
        else:
            for trial in trials:
                if trial.state == "failed" and trial.baseline:
                    log.retry(trial.number)
    return log


def work(
    sweep: SweepConfig, golden: GoldenSet, log: SweepLog, *, sink_for: SinkFactory, progress: Progress
) -> Iterator[Event]:
    """One worker: run trials until enough searched ones are finished. Yields before and after each trial.

    Any number of workers, in any number of processes, may work on one sweep. Raises SweepStoppedError, or
    InputError for something that the user has to mend.
    """
    record = log.read_record()
    while (taken := _take(sweep, log, record.count)) is not None:
        trial, claim = taken
        try:
            yield Event(trial)
            yield run_asked(sweep, golden, log, trial, record, sink_for, progress)
        finally:
            claim.release()


def n_finished(trials: Sequence[Asked]) -> int:
    """Finished trials of the search; baselines are not counted."""
    return sum(trial.state == "finished" and trial.baseline is None for trial in trials)


def is_complete(log: SweepLog, count: int) -> bool:
    """Whether nothing is left to measure: enough trials of the search, and none that is still waited for."""
    trials = log.trials()
    return n_finished(trials) >= count and all(trial.state != "waiting" for trial in trials)


def measure(params: TrialParams, golden: GoldenSet, *, split: Split, progress: Progress) -> tuple[TrialResult, bool]:
    """The result of a trial, and whether the store had it. A new one is stored before anybody else sees it."""
    stored = read_result(trial_id(params, golden), split)
    if stored is not None:
        # Settings that change no number, such as what may be logged, are those of who asks now.
        return replace(stored, params=asdict(params)), True
    result = run_trial(params, golden, split=split, progress=progress)
    write_result(result)
    return result, False


def confirm(sweep: SweepConfig, golden: GoldenSet, log: SweepLog, outcome: Outcome, *, progress: Progress) -> Outcome:
    """Measure the recommended configuration, the leader and the baselines on the held-out split."""
    decision = outcome.decision
    chosen = {decision.recommended.measured.number, decision.best.measured.number}
    wanted = [entry for entry in outcome.measured if entry.test is None and (entry.number in chosen or entry.baseline)]
    if not wanted or not golden.split("test"):
        return outcome
    proposals = {trial.number: trial.proposal for trial in log.trials()}
    for entry in wanted:
        measure(sweep.trial_params(proposals[entry.number]), golden, split="test", progress=progress)
        with log.locked():
            log.confirm(entry.number)
    return read_outcome(log)


def read_outcome(log: SweepLog) -> Outcome:
    """What the log and the store hold. Raises InputError where nothing is finished."""
    record, measured = log.read_record(), measured_trials(log)
    if not measured:
        raise InputError(f"sweep {record.sweep_id} has no finished trial yet")
    cost_counts = record.metric == OBJECTIVE and float(record.settings["cost_weight"]) > 0
    decision = decide(measured, metric=record.metric, goal=record.goal, cost_counts=cost_counts)
    return Outcome(record, tuple(measured), decision)


def measured_trials(log: SweepLog) -> list[Measured]:
    """The stored results of the finished trials, with the sweep's objective."""
    settings = log.read_record().settings
    found = []
    for trial in log.trials():
        if trial.state != "finished" or trial.trial_id is None:
            continue
        dev = read_result(trial.trial_id, "dev")
        if dev is None:
            raise TrialError(f"the result of trial {trial.number} is missing or damaged; run the sweep again")
        test = read_result(trial.trial_id, "test") if trial.confirmed else None
        found.append(
            Measured(
                number=trial.number,
                dev=with_objective(dev, settings),
                baseline=trial.baseline,
                test=with_objective(test, settings) if test else None,
            )
        )
    return found


def _take(sweep: SweepConfig, log: SweepLog, count: int) -> tuple[Asked, BaseFileLock] | None:
    """The next trial and the claim on it; None when the sweep is done. Waits while others may still fail."""
    while True:
        with log.locked():
            trials = log.trials()
            _stop_if_hopeless(trials)
            waiting = [trial for trial in trials if trial.state == "waiting"]
            for trial in waiting:
                claim = log.claim(trial.number)
                if claim is not None:
                    return trial, claim
            asked = _ask(sweep, log, trials, count)
            if asked is not None:
                log.ask(asked.number, asked.proposal, baseline=asked.baseline)
                claim = log.claim(asked.number)
                assert claim is not None, "a number that was just given out is free"
                return asked, claim
        if not waiting:
            return None
        time.sleep(POLL_SECONDS)


def _ask(sweep: SweepConfig, log: SweepLog, trials: Sequence[Asked], count: int) -> Asked | None:
    """The next proposal: a baseline that was not run yet, else the study's. None when there are enough."""
    space = space_of(sweep)
    number = len(trials)
    known = {trial.baseline for trial in trials}
    for name, proposal in baseline_proposals(space).items():
        if name not in known:
            return Asked(number, proposal, name)
    searched = [trial for trial in trials if trial.baseline is None]
    n_failed = sum(trial.state == "failed" for trial in searched)
    # As many failures as trials wanted is the end too: a space that mostly fails must not run for ever.
    if len(searched) - n_failed >= count or n_failed >= max(count, FAILURES_THAT_STOP):
        return None
    study = _study_of(sweep, space, trials)
    if is_exhausted(study, space):
        log.exhaust()
        return None
    return Asked(number, study.ask(space.distributions).params, None)


def _study_of(sweep: SweepConfig, space: SearchSpace, trials: Sequence[Asked]) -> optuna.Study:
    """The study as the log tells it: every trial so far, finished, failed or running."""
    study = make_study(sweep)
    states = {"finished": "COMPLETE", "failed": "FAIL", "waiting": "RUNNING"}
    for trial in trials:
        if not space.contains(trial.proposal):
            continue  # the BM25 baseline of a sweep that does not search retrievers
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.proposal),
                distributions=space.distributions,
                values=list(trial.values) or None,
                state=optuna.trial.TrialState[states[trial.state]],
            )
        )
    return study


def run_asked(
    sweep: SweepConfig,
    golden: GoldenSet,
    log: SweepLog,
    trial: Asked,
    record: SweepRecord,
    sink_for: SinkFactory,
    progress: Progress,
) -> Event:
    """Measure one trial of the log, send its result on and write down what came of it."""
    began = time.perf_counter()
    try:
        params = sweep.trial_params(trial.proposal)
        result, from_store = measure(params, golden, split="dev", progress=progress)
        result = with_objective(result, record.settings)
        values = _objective_values(result, record)
    except InputError:
        raise
    except Exception as error:
        with log.locked():
            log.fail(trial.number, _reason(error, log, trial))
        return Event(_latest(log, trial.number), seconds=time.perf_counter() - began)
    problem = None
    try:
        sink_for(trial).write(result)
    except TrialError as error:
        problem = str(error)
    with log.locked():
        log.finish(trial.number, result.trial_id, values)
    return Event(_latest(log, trial.number), result, time.perf_counter() - began, from_store, problem)


def _objective_values(result: TrialResult, record: SweepRecord) -> tuple[float, ...]:
    values = {metric: metric_interval(result, metric).mean for metric, _ in record.objectives}
    for metric, value in values.items():
        if value != value:
            raise TrialError(f"{metric} is not defined on any dev question of this golden set")
    return tuple(values.values())


def _reason(error: Exception, log: SweepLog, trial: Asked) -> str:
    """The message of a foreseen failure; of an unforeseen one also where its traceback is kept."""
    if isinstance(error, TrialError):
        return str(error)
    path = log.folder / f"trial-{trial.number}.traceback.txt"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return f"unexpected {type(error).__name__}: {error} (traceback in {path})"


def _latest(log: SweepLog, number: int) -> Asked:
    return next(trial for trial in log.trials() if trial.number == number)


def _stop_if_hopeless(trials: Sequence[Asked]) -> None:
    ended = [trial for trial in trials if trial.state != "waiting"]
    if len(ended) >= FAILURES_THAT_STOP and all(trial.state == "failed" for trial in ended):
        last = ended[-1].reason
        raise SweepStoppedError(f"the first {len(ended)} trials all failed, so the sweep stopped; the last one: {last}")
