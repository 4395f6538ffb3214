"""Names of W&B sweeps, as people write them and as a local log remembers them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from rag_sweeps.errors import InputError
from rag_sweeps.store.files import home, write_text_atomic
from rag_sweeps.store.sweeps import SweepLog, find_sweep
from rag_sweeps.tracking.server import PROJECT, Address

FILE = "hosted.json"


@dataclass(frozen=True, slots=True)
class HostedSweep:
    """A sweep on a server. golden: the pinned artifact, None where workers read a folder."""

    address: Address
    sweep: str
    golden: str | None = None

    @property
    def path(self) -> str:
        """What `wandb agent` takes."""
        return f"{self.address}/{self.sweep}"


def parse_sweep(text: str) -> tuple[str | None, str, str]:
    """`ENTITY/PROJECT/ID`, `PROJECT/ID` or `ID` -> (entity, project, id)."""
    parts = text.strip().rstrip("/").replace("/sweeps/", "/").split("/")
    if "://" in text:
        parts = parts[3:]
    if not all(parts) or not 1 <= len(parts) <= 3:
        raise InputError(f"{text!r} is no W&B sweep; write ENTITY/PROJECT/ID, as `rag-sweeps sweep` prints it")
    project = parts[-2] if len(parts) > 1 else os.environ.get("WANDB_PROJECT", PROJECT)
    return (parts[-3] if len(parts) > 2 else os.environ.get("WANDB_ENTITY")), project, parts[-1]


def remember(log: SweepLog, hosted: HostedSweep) -> None:
    write_text_atomic(log.folder / FILE, json.dumps(asdict(hosted), indent=2) + "\n")


def recall(log: SweepLog) -> HostedSweep | None:
    """The sweep of a log, wherever it is; None for one that was never registered."""
    return _read(log.folder / FILE)


def log_of(hosted: HostedSweep) -> SweepLog | None:
    """The local log of a sweep, where some worker on this machine has begun one."""
    for path in sorted((home() / "sweeps").glob(f"*/{FILE}")):
        known = _read(path)
        if known is not None and (known.address, known.sweep) == (hosted.address, hosted.sweep):
            return SweepLog(path.parent.name)
    return None


def find_log(text: str | None) -> SweepLog:
    """The log of a sweep on this machine, by its W&B name or its local id. Raises InputError where it has none."""
    if text is not None:
        entity, project, sweep = parse_sweep(text)
        server = os.environ.get("WANDB_BASE_URL", "").rstrip("/")
        found = [
            (known.address.base_url == server, path.parent.name)
            for path in sorted((home() / "sweeps").glob(f"*/{FILE}"))
            if (known := _read(path)) is not None
            and known.sweep == sweep
            and ("/" not in text or known.address.project == project)
            and entity in (None, known.address.entity)
        ]
        if found:
            return SweepLog(max(found)[1])
        if "/" in text:
            raise InputError(
                f"no trial of the W&B sweep {text} was measured on this machine; name it as `rag-sweeps sweep` prints "
                f"it, or take part with rag-sweeps agent {text}"
            )
    return find_sweep(text)


def _read(path: Path) -> HostedSweep | None:
    try:
        plain = json.loads(path.read_bytes())
        return HostedSweep(Address(**plain["address"]), plain["sweep"], plain.get("golden"))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def purse_of(log: SweepLog) -> str:
    """The name under which the ledger keeps a sweep's money: the same on every machine that works on it."""
    hosted = recall(log)
    return hosted.path if hosted is not None and hosted.sweep else log.folder.name
