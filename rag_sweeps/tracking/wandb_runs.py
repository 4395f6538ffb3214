"""One trial -> one W&B run: config, every metric with interval and n, tables, artifacts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import TrialResult
from rag_sweeps.store.files import home
from rag_sweeps.store.sweeps import Asked, SweepRecord
from rag_sweeps.tracking.artifacts import golden_artifact, result_artifact
from rag_sweeps.tracking.limits import ANSWER_SECONDS, limit_wandb
from rag_sweeps.tracking.mode import Mode
from rag_sweeps.tracking.numbers import config_of, numbers_of
from rag_sweeps.tracking.privacy import privacy_of
from rag_sweeps.tracking.server import PROJECT
from rag_sweeps.tracking.tables import tables_of

if TYPE_CHECKING:
    import wandb

INIT_SECONDS = 10.0
FINISH_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Which run of W&B's a trial is: everything `wandb.init` is told but the trial's own config.

    sweep: W&B's id of the sweep the run is part of; None for a baseline and outside of a sweep.
    """

    run_id: str
    name: str
    group: str
    job_type: str
    tags: tuple[str, ...] = ()
    entity: str | None = None
    project: str | None = None
    sweep: str | None = None
    base_url: str | None = None


class WandbSink:
    """Writes one offline run in the sweep's group. The run's id comes from the trial, so a repeat replaces it."""

    def __init__(self, mode: Mode, record: SweepRecord, golden: GoldenSet, trial: Asked) -> None:
        self._mode, self._record, self._golden, self._trial = mode, record, golden, trial

    def write(self, result: TrialResult) -> None:
        if self._mode.wandb == "disabled":
            return
        place = local_place(self._record, self._trial, result.trial_id)
        limit_wandb()
        import wandb

        try:
            config = config_of(result, config_path=self._record.config_path)
            run = open_run(place, mode="offline", config=config)
            log_result(run, result, self._golden)
            run.log_artifact(golden_artifact(self._golden, full=privacy_of(result).full))
            run.log_artifact(result_artifact(result))
            run.finish()
        except (wandb.errors.Error, OSError, ValueError) as error:  # ValueError: a setting or a name W&B refuses
            raise TrialError(f"W&B did not take trial {self._trial.number}: {error}") from error


def local_place(record: SweepRecord, trial: Asked, trial_id: str) -> RunPlace:
    """The run of a trial that no W&B sweep asked for."""
    return RunPlace(
        run_id=f"{record.sweep_id}-{trial_id[:10]}",
        name=f"{trial.number:03d} {trial.baseline or trial_id[:6]}",
        group=record.sweep_id,
        job_type=f"baseline {trial.baseline}" if trial.baseline else "trial",
        tags=("baseline",) if trial.baseline else (),
    )


def open_run(
    place: RunPlace, *, mode: Literal["online", "offline"], config: Mapping[str, Any], resume: bool = False
) -> wandb.Run:
    """`wandb.init` with every limit we know of. Raises W&B's own errors."""
    import wandb

    settings = wandb.Settings(
        silent=True,
        quiet=True,
        console="off",
        x_disable_stats=True,
        disable_git=True,
        disable_code=True,
        save_code=False,
        init_timeout=INIT_SECONDS,
        finish_timeout=FINISH_SECONDS if mode == "online" else 0,
        finish_timeout_raises=True,
        x_graphql_retry_max=2,
        x_graphql_timeout_seconds=ANSWER_SECONDS,
        x_file_stream_retry_max=3,
        x_file_transfer_retry_max=2,
    )
    if place.sweep:
        settings.sweep_id = place.sweep
    if place.base_url:
        settings.base_url = place.base_url
    return wandb.init(
        mode=mode,
        dir=str(home()),
        project=place.project or os.environ.get("WANDB_PROJECT", PROJECT),
        entity=place.entity or os.environ.get("WANDB_ENTITY"),
        group=place.group,
        job_type=place.job_type,
        id=place.run_id,
        name=place.name,
        tags=list(place.tags),
        config=dict(config),
        reinit="create_new",
        resume="allow" if resume else None,
        settings=settings,
    )


def log_result(run: wandb.Run, result: TrialResult, golden: GoldenSet) -> None:
    """One row of history with every number and table."""
    import wandb

    tables = {
        name: wandb.Table(columns=list(table.columns), data=[list(row) for row in table.rows])
        for name, table in tables_of(result, golden).items()
    }
    run.log(numbers_of(result) | tables)
