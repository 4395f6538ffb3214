"""The batches that a sweep has under way, kept as files, so that a killed process finds them again.

home()/batches/<sweep>/<name>.json, and its requests in <name>.requests beside it. A file is written before its batch is
submitted, without an id, and again with the id; it is deleted when the replies are stored. A lock says which process
waits for the batch.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock

from rag_sweeps.records import ChatRequest, Purpose
from rag_sweeps.store.files import canonical_json, home, write_text_atomic


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch of one model. reservations: key of a request -> its reservation in the ledger. batch_id: None while
    it is being submitted."""

    name: str
    model: str
    purpose: Purpose
    reservations: Mapping[str, int]
    batch_id: str | None = None


class BatchFiles:
    """The batches of one sweep."""

    def __init__(self, sweep_id: str) -> None:
        self._folder = home() / "batches" / sweep_id

    def all(self, model: str) -> list[BatchRecord]:
        """Those of a model, oldest first."""
        found = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []:
            record = self.get(path.stem)
            if record is not None and record.model == model:
                found.append(record)
        return found

    def get(self, name: str) -> BatchRecord | None:
        """None where its replies have been stored meanwhile."""
        try:
            return BatchRecord(**json.loads(self._path(name).read_bytes()))
        except FileNotFoundError:
            return None

    def add(
        self, model: str, purpose: Purpose, requests: Mapping[str, ChatRequest], reservations: Mapping[str, int]
    ) -> BatchRecord:
        """Write down a batch that is about to be submitted; requests and reservations by key."""
        n_before = len(list(self._folder.glob("*.json"))) if self._folder.is_dir() else 0
        name = f"{n_before:06d}-{secrets.token_hex(4)}"
        asked = {key: asdict(request) for key, request in requests.items()}
        write_text_atomic(self._requests_path(name), canonical_json(asked))
        return self._write(BatchRecord(name, model, purpose, dict(reservations)))

    def requests(self, record: BatchRecord) -> dict[str, ChatRequest]:
        """What the batch asks, by key."""
        asked = json.loads(self._requests_path(record.name).read_bytes())
        return {key: ChatRequest(**fields) for key, fields in asked.items()}

    def submitted(self, record: BatchRecord, batch_id: str) -> BatchRecord:
        return self._write(replace(record, batch_id=batch_id))

    def remove(self, record: BatchRecord) -> None:
        self._path(record.name).unlink(missing_ok=True)
        self._requests_path(record.name).unlink(missing_ok=True)

    def claim(self, record: BatchRecord) -> FileLock:
        """The right to wait for a batch; released by the system when its holder dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{record.name}.lock", thread_local=False)

    def submitting(self) -> FileLock:
        """The right to decide which requests are not in any batch, and to submit them."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / "submitting.lock", thread_local=False)

    def path(self, record: BatchRecord) -> Path:
        return self._path(record.name)

    def _write(self, record: BatchRecord) -> BatchRecord:
        write_text_atomic(self._path(record.name), canonical_json(asdict(record)))
        return record

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _requests_path(self, name: str) -> Path:
        return self._folder / f"{name}.requests"
