"""Runs that W&B does not surely have yet: one small JSON file each, written before anything is sent.

A file is made when a trial is taken up, and removed when the server was seen to hold what was measured. Whatever
happens in between, the next worker or `rag-sweeps sync` finds the file, the stored result and the run's id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag_sweeps.store.files import canonical_json, home, write_text_atomic
from rag_sweeps.tracking.server import Address
from rag_sweeps.tracking.wandb_runs import RunPlace


@dataclass(frozen=True, slots=True)
class PendingRun:
    """Trial `number` of the local log `log_id`, and the run that it is on a server.

    proposal: as the log has it. params: of the asker, known once the trial was measured, like trial_id.
    failure: why there is no result. golden: the artifact it was read from, or None for a folder.
    """

    address: Address
    place: RunPlace
    log_id: str
    number: int
    proposal: Mapping[str, Any]
    baseline: str | None = None
    golden: str | None = None
    trial_id: str | None = None
    params: Mapping[str, Any] | None = None
    failure: str | None = None
    exit_code: int = 0
    state: str = "finished"

    @property
    def is_measured(self) -> bool:
        return self.trial_id is not None or self.failure is not None

    @property
    def file(self) -> Path:
        return _folder() / f"{self.log_id}.{self.number:05d}.json"

    def keep(self) -> None:
        write_text_atomic(self.file, canonical_json(asdict(self)) + "\n")

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)


def read_pending(log_id: str, number: int) -> PendingRun | None:
    return _read(_folder() / f"{log_id}.{number:05d}.json")


def all_pending(log_id: str | None = None) -> Iterator[PendingRun]:
    """By log and number. A file that cannot be read belongs to no run any more: its result is in the store."""
    for path in sorted(_folder().glob("*.json")):
        pending = _read(path)
        if pending is not None and log_id in (None, pending.log_id):
            yield pending


def n_pending(log_id: str | None = None) -> int:
    return sum(1 for _ in all_pending(log_id))


def summary_marker(log_id: str) -> Path:
    """A file that stands while the summary run of a sweep is not known to be up to date."""
    return _folder() / f"{log_id}.summary"


def pending_summaries() -> list[str]:
    """Ids of the logs."""
    return sorted(path.stem for path in _folder().glob("*.summary"))


def _read(path: Path) -> PendingRun | None:
    try:
        plain = json.loads(path.read_bytes())
        place = {**plain["place"], "tags": tuple(plain["place"]["tags"])}
        return PendingRun(**{**plain, "address": Address(**plain["address"]), "place": RunPlace(**place)})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _folder() -> Path:
    return home() / "pending"
