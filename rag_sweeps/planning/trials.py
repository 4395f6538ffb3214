"""A sweep -> its trials that are still to run, and how many questions each generator or embedding model meets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rag_sweeps.config import SweepConfig
from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.planning.ranges import Range, exactly
from rag_sweeps.planning.shares import share_of, values_of
from rag_sweeps.search import baseline_proposals, space_of

Values = Mapping[str, Any]
Wanted = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Trials:
    """searched: trials that the search has still to run; baselines: all their parameters, of those still to run.

    confirmed: baselines, measured again on the test split; besides them the recommended and the best trial are.
    """

    sweep: SweepConfig
    searched: int
    baselines: tuple[Values, ...]
    confirmed: tuple[Values, ...]
    n_dev: int
    n_test: int

    @property
    def n_left(self) -> int:
        return self.searched + len(self.baselines)

    @property
    def n_confirmed(self) -> Range:
        """Measurements on the test split; the recommended trial may be the best one, or a baseline."""
        if not self.n_test:
            return exactly(0)
        return Range(max(1, len(self.confirmed)), len(self.confirmed) + 2)

    def runs(self, wanted: Wanted) -> Range:
        """Trials on the dev split in which each of these parameters has one of these values."""
        return exactly(self.searched * self._share(wanted) + _count(self.baselines, wanted))

    def questions(self, wanted: Wanted) -> Range:
        """Questions that such trials ask, on both splits. A race may end all but one searched trial after a block."""
        share = self._share(wanted)
        blocks = self.n_dev
        if values_of(self.sweep, "racing") == (True,):
            blocks = min(self.n_dev, int(values_of(self.sweep, "race_block")[0]))
        searched = Range(
            (min(self.searched, 1) * self.n_dev + max(self.searched - 1, 0) * blocks) * share,
            self.searched * self.n_dev * share,
        )
        again = _count(self.confirmed, wanted) if self.n_test else 0
        chosen = Range(float(share == 1 and not again), 2.0 if share else 0.0).times(self.n_test)
        return searched + exactly(_count(self.baselines, wanted) * self.n_dev + again * self.n_test) + chosen

    def _share(self, wanted: Wanted) -> float:
        share = 1.0
        for name, values in wanted.items():
            share *= share_of(self.sweep, name, *values)
        return share


def plan_trials(
    sweep: SweepConfig, golden: GoldenSet, *, count: int | None, n_finished: int, finished_baselines: Collection[str]
) -> Trials:
    """Raises InputError for a search without an end."""
    space = space_of(sweep)
    baselines = baseline_proposals(space)
    n_points = None
    if space.points is not None:
        # A baseline that lies in the space is a point that the search does not try again.
        n_points = len(space.points.keys() - {space.identity(proposal) for proposal in baselines.values()})
    wanted = count or sweep.run_cap or (n_points if sweep.method == "grid" else None)
    if wanted is None:
        raise InputError(f"{sweep.path}: run_cap is missing; add it, or give --count: a plan needs a number of trials")
    if n_points is not None:
        wanted = min(wanted, n_points)
    full = {name: {**DEFAULTS, **sweep.constants, **proposal} for name, proposal in baselines.items()}
    return Trials(
        sweep=sweep,
        searched=max(wanted - n_finished, 0),
        baselines=tuple(values for name, values in full.items() if name not in finished_baselines),
        confirmed=tuple(full.values()),
        n_dev=len(golden.split("dev")),
        n_test=len(golden.split("test")),
    )


def _count(trials: Collection[Values], wanted: Wanted) -> int:
    return sum(all(values[name] in allowed for name, allowed in wanted.items()) for values in trials)
