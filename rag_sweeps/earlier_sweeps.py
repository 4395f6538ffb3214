"""`warm_start` -> the finished trials of earlier sweeps on the same golden set, as a new study takes them."""

from __future__ import annotations

from collections.abc import Iterator

from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError
from rag_sweeps.outcome import stored_result
from rag_sweeps.parameters import effective
from rag_sweeps.records import TrialResult
from rag_sweeps.search import EarlierTrial, SearchSpace
from rag_sweeps.store.files import home
from rag_sweeps.store.sweeps import SweepLog, SweepRecord, find_sweep


def earlier_trials(sweep: SweepConfig, space: SearchSpace, record: SweepRecord) -> list[EarlierTrial]:
    """None without `warm_start`. Raises InputError for a sweep that is not here, or is on another golden set.

    A trial whose other settings are those of this sweep too has the very value that a new one would have; any other one
    says only what tends to be better.
    """
    return [
        EarlierTrial(
            sweep=log.folder.name,
            params={name: result.params[name] for name in space.distributions},
            values=trial.values,
            same_task=_same_task(record, log.read_record()) and _same_settings(result, space),
        )
        for log in _sweeps(str(sweep.constants.get("warm_start", "")), record)
        for trial in log.trials()
        if trial.state == "finished" and (result := stored_result(log, trial)) is not None and _fits(result, space)
    ]


def _sweeps(warm_start: str, record: SweepRecord) -> Iterator[SweepLog]:
    if warm_start == "all":
        folders = sorted((home() / "sweeps").glob("*/log.jsonl"))
        logs = [SweepLog(path.parent.name) for path in folders if path.parent.name != record.sweep_id]
        yield from (log for log in logs if _same_goal(record, log.read_record()))
        return
    for name in filter(None, map(str.strip, warm_start.split(","))):
        log = find_sweep(name)
        if not _same_goal(record, log.read_record()):
            raise InputError(f"warm_start: sweep {name} has another golden set or other objectives; leave it out")
        yield log


def _same_goal(record: SweepRecord, other: SweepRecord) -> bool:
    return (record.golden_digest, record.objectives) == (other.golden_digest, other.objectives)


def _same_task(record: SweepRecord, other: SweepRecord) -> bool:
    return record.settings == other.settings


def _same_settings(result: TrialResult, space: SearchSpace) -> bool:
    """Whether the trial of this space with the same swept values would be the very same one."""
    ours = {name: value for name, value in result.params.items() if name in space.distributions} | space.constants
    return effective({**result.params, **ours}) == effective(result.params)


def _fits(result: TrialResult, space: SearchSpace) -> bool:
    return space.contains({name: result.params[name] for name in space.distributions if name in result.params})
