"""The log of one sweep: what was asked and what came of it, shared by all its workers.

A sweep is a folder with an append-only `log.jsonl`. Every change is one line, written under a lock and flushed to
the disk, so the state after kill -9 is the state after the last whole line. A worker holds a lock of its own on the
trial it runs; a trial that nobody finished and nobody holds is taken up by the next worker.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from rag_sweeps.errors import InputError
from rag_sweeps.store.files import canonical_json, home, write_text_atomic

EVENTS = ("asked", "finished", "pruned", "failed", "retried", "confirmed")
State = Literal["waiting", "finished", "pruned", "failed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One trial of a sweep. proposal: its swept parameters; waiting: not ended, whether or not it runs now.

    revealed: (proposal, value) of other configurations that measuring this one told for nothing.
    """

    number: int
    proposal: Mapping[str, Any]
    baseline: str | None
    state: State = "waiting"
    trial_id: str | None = None
    values: tuple[float, ...] = ()
    reason: str | None = None
    confirmed: bool = False
    revealed: tuple[tuple[Mapping[str, Any], float], ...] = ()

    @property
    def ended(self) -> bool:
        return self.state != "waiting"


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """What a sweep was set to do: all that reading its results needs, without the config or the golden set.

    objectives: (metric, goal) pairs; settings: what the objective is made of; count: searched trials wanted,
    to which n_baselines come. parallel: a proposal knows the trials that lie at least so many before it, so that any
    number of workers up to it propose the same. full_text: texts of the golden set may leave this machine.
    """

    sweep_id: str
    name: str
    config_path: str
    objectives: tuple[tuple[str, Literal["minimize", "maximize"]], ...]
    settings: Mapping[str, Any]
    swept: tuple[str, ...]
    count: int
    n_baselines: int
    parallel: int
    budget_usd: float | None
    golden_name: str
    golden_digest: str
    mode: str
    created: str
    full_text: bool = False

    @property
    def metric(self) -> str:
        """The first objective, on which configurations are ranked."""
        return self.objectives[0][0]

    @property
    def goal(self) -> Literal["minimize", "maximize"]:
        return self.objectives[0][1]


class SweepLog:
    """Every method that changes the log is called inside `locked()`."""

    def __init__(self, sweep_id: str) -> None:
        self.folder = home() / "sweeps" / sweep_id
        self._path = self.folder / "log.jsonl"

    def write_record(self, record: SweepRecord) -> None:
        write_text_atomic(self.folder / "sweep.json", json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")

    def read_record(self) -> SweepRecord:
        """Raises InputError where the sweep never began or its record is damaged."""
        path = self.folder / "sweep.json"
        try:
            plain = json.loads(path.read_bytes())
            objectives = tuple((metric, goal) for metric, goal in plain["objectives"])
            return SweepRecord(**{**plain, "objectives": objectives, "swept": tuple(plain["swept"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path} cannot be read ({error}); run rag-sweeps sweep CONFIG again") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "log.lock"):
            yield

    def trials(self) -> list[Asked]:
        """All trials by number, as the log has them now. A torn last line is a write that never happened."""
        trials: dict[int, Asked] = {}
        for place, line in enumerate(self._whole_lines(), start=1):
            change = self._parsed(place, line)
            number = change["number"]
            if change["event"] != "asked" and number not in trials:
                raise self._damaged(place)
            if change["event"] == "asked":
                trials[number] = Asked(number, change["proposal"], change["baseline"])
            elif change["event"] in ("finished", "pruned"):
                trials[number] = replace(
                    trials[number],
                    state=change["event"],
                    trial_id=change["trial_id"],
                    values=tuple(change["values"]),
                    reason=change.get("reason"),
                    revealed=tuple((proposal, value) for proposal, value in change.get("revealed", [])),
                )
            elif change["event"] == "failed":
                trials[number] = replace(trials[number], state="failed", reason=change["reason"])
            elif change["event"] == "retried":
                trials[number] = Asked(number, trials[number].proposal, trials[number].baseline)
            elif change["event"] == "confirmed":
                trials[number] = replace(trials[number], confirmed=True)
        return [trials[number] for number in sorted(trials)]

    def ask(self, number: int, proposal: Mapping[str, Any], *, baseline: str | None) -> None:
        self._append({"event": "asked", "number": number, "proposal": dict(proposal), "baseline": baseline})

    def finish(
        self,
        number: int,
        trial_id: str,
        values: tuple[float, ...],
        *,
        revealed: Sequence[tuple[Mapping[str, Any], float]] = (),
    ) -> None:
        told = [[dict(proposal), value] for proposal, value in revealed]
        change = {"event": "finished", "number": number, "trial_id": trial_id, "values": list(values)}
        self._append({**change, "revealed": told} if told else change)

    def prune(self, number: int, trial_id: str, values: tuple[float, ...], reason: str) -> None:
        """A race dropped the trial; its values are those of the questions it reached."""
        ended = {"event": "pruned", "number": number, "trial_id": trial_id, "values": list(values), "reason": reason}
        self._append(ended)

    def pruned_path(self, trial_id: str) -> Path:
        """Where the result of a pruned trial lies: what it was dropped against belongs to this sweep alone."""
        return self.folder / "pruned" / f"{trial_id}.json"

    def fail(self, number: int, reason: str) -> None:
        self._append({"event": "failed", "number": number, "reason": reason})

    def retry(self, number: int) -> None:
        self._append({"event": "retried", "number": number})

    def confirm(self, number: int) -> None:
        """The trial was measured on the held-out split."""
        self._append({"event": "confirmed", "number": number})

    def keep_earlier(self, trials: Sequence[Mapping[str, Any]]) -> None:
        """What the sweep was told of earlier ones; kept as it was then, since proposals rest on it."""
        path = self.folder / "earlier.json"
        if not path.is_file():
            write_text_atomic(path, canonical_json([dict(trial) for trial in trials]) + "\n")

    def earlier(self) -> list[dict[str, Any]]:
        path = self.folder / "earlier.json"
        kept: list[dict[str, Any]] = json.loads(path.read_bytes()) if path.is_file() else []
        return kept

    def exhaust(self) -> None:
        """Every configuration of the space was asked for."""
        if not self.is_exhausted():
            write_text_atomic(self.folder / "exhausted", "every configuration of the space was asked for\n")

    def is_exhausted(self) -> bool:
        return (self.folder / "exhausted").is_file()

    def claim(self, number: int) -> FileLock | None:
        """The right to run a trial, or None where another worker has it; released by the system if a worker dies."""
        folder = self.folder / "claims"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{number}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return lock

    def _whole_lines(self) -> list[bytes]:
        if not self._path.is_file():
            return []
        content = self._path.read_bytes()
        return content[: content.rfind(b"\n") + 1].split(b"\n")[:-1]

    def _parsed(self, place: int, line: bytes) -> dict[str, Any]:
        try:
            change = json.loads(line)
            if isinstance(change, dict) and isinstance(change["number"], int) and change["event"] in EVENTS:
                return change
        except (ValueError, KeyError):
            pass  # the same message as for a line that is JSON and nothing else
        raise self._damaged(place)

    def _damaged(self, place: int) -> InputError:
        return InputError(
            f"{self._path}:{place}: the line is damaged; delete {self.folder} and run the sweep again: "
            "what was measured is stored apart and is not measured again"
        )

    def _append(self, change: Mapping[str, Any]) -> None:
        # A torn line left by a killed process is cut off before the next one is written.
        with self._path.open("a+b") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(canonical_json(dict(change)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def find_sweep(name: str | None) -> SweepLog:
    """The log of a sweep by its id or the beginning of it; the one changed last where no name is given."""
    folder = home() / "sweeps"
    known = sorted(folder.glob("*/log.jsonl"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    ids = [path.parent.name for path in known]
    if not ids:
        raise InputError(f"no sweep under {folder}; run rag-sweeps sweep CONFIG first")
    if name is None:
        return SweepLog(ids[-1])
    matching = [each for each in ids if each == name] or [each for each in ids if each.startswith(name)]
    if len(matching) != 1:
        problem = "is not one of" if not matching else "could be any of"
        raise InputError(f"sweep {name!r} {problem} {', '.join(matching or ids)}")
    return SweepLog(matching[0])


def sweeps_with(trial_id: str) -> Iterator[tuple[SweepRecord, Asked]]:
    """Every sweep that measured a trial, with what it proposed for it; a damaged one is passed over."""
    for path in sorted((home() / "sweeps").glob("*/log.jsonl")):
        log = SweepLog(path.parent.name)
        try:
            record, trials = log.read_record(), log.trials()
        except InputError:
            continue
        yield from ((record, trial) for trial in trials if trial.trial_id == trial_id)
