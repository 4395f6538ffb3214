"""SweepConfig -> a finished sweep: workers take trials from a shared log until there are enough."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from filelock import BaseFileLock

from rag_sweeps.config import SweepConfig
from rag_sweeps.contest import open_race
from rag_sweeps.earlier_sweeps import earlier_trials
from rag_sweeps.errors import CapReachedError, InputError, RagSweepsError, TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.measuring import measure
from rag_sweeps.objective import metric_interval, with_objective
from rag_sweeps.outcome import stored_result
from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.proposing import MIN_FAILURES_THAT_STOP, PARALLEL, must_wait, n_measured, propose
from rag_sweeps.protocols import Caller, Progress, Sink
from rag_sweeps.records import TrialResult
from rag_sweeps.revealing import revealed_by
from rag_sweeps.search import baseline_proposals, space_of
from rag_sweeps.store.golden_sets import keep_golden
from rag_sweeps.store.results import write_result
from rag_sweeps.store.sweeps import Asked, SweepLog, SweepRecord

POLL_SECONDS = 0.2
OBJECTIVE_SETTINGS = ("quality_metric", "cost_metric", "cost_weight")

SinkFactory = Callable[[Asked], Sink]


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person who watches a sweep wants to know: a trial begins, finished, was dropped or failed.

    from_store: the result was there already. sink_problem: the result is stored, but could not be sent on.
    """

    trial: Asked
    result: TrialResult | None = None
    seconds: float = 0.0
    from_store: bool = False
    sink_problem: str | None = None


class SweepStoppedError(RagSweepsError):
    """The first trials of a sweep all failed; going on would fail the same way."""


def sweep_id(sweep: SweepConfig, golden: GoldenSet) -> str:
    """The same search on the same golden set is the same sweep: running it again goes on where it stopped."""
    return f"{sweep.sweep_id}-{golden.digest[:6]}"


def begin(sweep: SweepConfig, golden: GoldenSet, *, count: int, mode: str, created: str, workers: int = 1) -> SweepLog:
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
                parallel=max(workers, PARALLEL),
                budget_usd=sweep.budget_usd,
                golden_name=golden.name,
                golden_digest=golden.digest,
                mode=mode,
                created=log.read_record().created if log.trials() else created,
                full_text=sweep.sends_full_text,
            )
        )
        if sweep.constants.get("warm_start"):
            known = earlier_trials(sweep, space_of(sweep), log.read_record())
            log.keep_earlier([asdict(trial) for trial in known])
        for trial in log.trials():
            if trial.trial_id is not None and stored_result(log, trial) is None:
                log.retry(trial.number)
        trials = log.trials()
        complete = n_measured(trials) >= count
        for trial in trials:
            if trial.state == "failed" and (trial.baseline or not complete):
                log.retry(trial.number)
    return log


def work(
    sweep: SweepConfig,
    golden: GoldenSet,
    log: SweepLog,
    *,
    caller: Caller | None = None,
    sink_for: SinkFactory,
    progress: Progress,
) -> Iterator[Event]:
    """One worker: run trials until enough searched ones have ended. Yields before and after each trial.

    Any number of workers, in any number of processes, may work on one sweep. Raises SweepStoppedError, InputError for
    something that the user has to mend, or CapReachedError; the trial that was running then is taken up again.
    """
    record = log.read_record()
    while (taken := _take(sweep, log, record)) is not None:
        trial, claim = taken
        try:
            yield Event(trial)
            yield run_asked(sweep, golden, log, trial, record, caller, sink_for, progress)
        finally:
            claim.release()


def _take(sweep: SweepConfig, log: SweepLog, record: SweepRecord) -> tuple[Asked, BaseFileLock] | None:
    """The next trial and the claim on it; None when the sweep is done. Waits while others may still fail."""
    while True:
        with log.locked():
            trials = log.trials()
            _stop_if_hopeless(trials)
            waiting = [trial for trial in trials if not trial.ended]
            for trial in waiting:
                claim = log.claim(trial.number)
                if claim is not None:
                    return trial, claim
            if not must_wait(trials, parallel=record.parallel):
                asked = propose(sweep, log, trials, count=record.count, parallel=record.parallel)
                if asked is not None:
                    log.ask(asked.number, asked.proposal, baseline=asked.baseline)
                    claim = log.claim(asked.number)
                    assert claim is not None, "a number that was just given out is free"
                    return asked, claim
        if not waiting:
            return None
        time.sleep(POLL_SECONDS)


def run_asked(
    sweep: SweepConfig,
    golden: GoldenSet,
    log: SweepLog,
    trial: Asked,
    record: SweepRecord,
    caller: Caller | None,
    sink_for: SinkFactory,
    progress: Progress,
) -> Event:
    """Measure one trial of the log, send its result on and write down what came of it."""
    began = time.perf_counter()
    try:
        params = sweep.trial_params(trial.proposal)
        race = open_race(sweep, params, golden, log, trial, record)
        result, from_store = measure(params, golden, caller=caller, race=race, progress=progress)
        result = with_objective(result, record.settings)
        values = _objective_values(result, record)
    except (InputError, CapReachedError):
        raise
    except Exception as error:
        with log.locked():
            log.fail(trial.number, _reason(error, log, trial))
        return Event(_latest(log, trial.number), seconds=time.perf_counter() - began)
    if result.pruned:
        write_result(result, log.pruned_path(result.trial_id))
    problem = None
    try:
        sink_for(trial).write(result)
    except TrialError as error:
        problem = str(error)
    with log.locked():
        if result.pruned:
            log.prune(trial.number, result.trial_id, values, _why_dropped(result))
        else:
            told = revealed_by(result, trial.proposal, space_of(sweep), metric=record.metric, settings=record.settings)
            log.finish(trial.number, result.trial_id, values, revealed=told if len(record.objectives) == 1 else ())
    return Event(_latest(log, trial.number), result, time.perf_counter() - began, from_store, problem)


def _objective_values(result: TrialResult, record: SweepRecord) -> tuple[float, ...]:
    values = {metric: metric_interval(result, metric).mean for metric, _ in record.objectives}
    for metric, value in values.items():
        if value != value:
            raise TrialError(f"{metric} is not defined on any dev question of this golden set")
    return tuple(values.values())


def _why_dropped(result: TrialResult) -> str:
    look = result.looks[-1]
    return (
        f"{look.reason} after {look.n} of {len(result.question_ids)} questions: {look.mean_difference:+.3f} "
        f"[{look.low:+.3f}, {look.high:+.3f}] to the best then"
    )


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
    ended = [trial for trial in trials if trial.ended]
    if len(ended) >= MIN_FAILURES_THAT_STOP and all(trial.state == "failed" for trial in ended):
        last = ended[-1].reason
        raise SweepStoppedError(f"the first {len(ended)} trials all failed, so the sweep stopped; the last one: {last}")
