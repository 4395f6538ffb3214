"""TrialParams -> a result that is kept: from the store where it was measured before, whoever asked then."""

from __future__ import annotations

from dataclasses import asdict, replace

from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import TrialParams
from rag_sweeps.protocols import Caller, Progress, Race
from rag_sweeps.records import Split, TrialResult
from rag_sweeps.store.results import read_result, write_result
from rag_sweeps.trial import run_trial, trial_id


def measure(
    params: TrialParams,
    golden: GoldenSet,
    *,
    caller: Caller | None = None,
    split: Split = "dev",
    race: Race | None = None,
    progress: Progress,
) -> tuple[TrialResult, bool]:
    """The result of a trial, and whether the store had it. A new one is stored before anybody else sees it.

    One that a race dropped is not: it is whole for nobody but the sweep that dropped it.
    """
    stored = read_result(trial_id(params, golden), split)
    if stored is not None:
        return as_asked(stored, params), True
    result = run_trial(params, golden, caller=caller, split=split, race=race, progress=progress)
    if not result.pruned:
        write_result(result)
    return result, False


def as_asked(stored: TrialResult, params: TrialParams) -> TrialResult:
    """A stored result under the settings of whoever asks now: those that decide what may leave the machine too."""
    return replace(stored, params=asdict(params))
