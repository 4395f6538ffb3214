"""What Weave clients sent: calls, objects, tables, files, feedback. Tests read these."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from .clock import now


@dataclass(slots=True, eq=False)
class Call:
    """A call as it was sent; `name` is the bare name of its op."""

    id: str
    project_id: str
    op_name: str
    trace_id: str
    parent_id: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    attributes: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    exception: str | None = None
    display_name: str | None = None
    started_at: str = ""
    ended_at: str | None = None
    thread_id: str | None = None
    turn_id: str | None = None
    wb_run_id: str | None = None
    wb_run_step: int | None = None
    wb_run_step_end: int | None = None
    deleted: bool = False

    @property
    def name(self) -> str:
        return self.op_name.rpartition("/")[2].partition(":")[0]

    def schema(self) -> dict[str, Any]:
        """As the server gives it back."""
        names = [name for name in self.__dataclass_fields__ if name != "deleted"]
        status = "error" if self.exception else "success" if self.ended_at else "running"
        summary = {**(self.summary or {}), "weave": {"status": status, "trace_name": self.name}}
        return {name: getattr(self, name) for name in names} | {"summary": summary, "wb_user_id": "user:tester"}


@dataclass(slots=True, eq=False)
class Object:
    project_id: str
    object_id: str
    digest: str
    version: int
    val: Any
    created_at: str = field(default_factory=now)

    @property
    def classes(self) -> list[str]:
        """Its class, then the classes it inherits from."""
        if not isinstance(self.val, dict) or "_class_name" not in self.val:
            return []
        return [self.val["_class_name"], *self.val.get("_bases", ())]

    @property
    def is_op(self) -> bool:
        kind = self.val.get("weave_type") if isinstance(self.val, dict) else None
        return isinstance(kind, dict) and kind.get("type") == "Op"


class WeaveState:
    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.objects: list[Object] = []
        self.tables: dict[str, list[str]] = {}
        self.rows: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.feedback: list[dict[str, Any]] = []
        self.costs: list[dict[str, Any]] = []

    def start(self, sent: dict[str, Any]) -> Call:
        known = {name: sent[name] for name in Call.__dataclass_fields__ if sent.get(name) is not None}
        call = self.calls.get(sent["id"])
        if call is None:
            call = self.calls[sent["id"]] = Call(**{"trace_id": sent["id"], **known})
        else:
            for name, value in known.items():
                setattr(call, name, value)
        return call

    def end(self, sent: dict[str, Any]) -> None:
        """An end may come before its start; the start then fills in the rest."""
        call = self.calls.get(sent["id"])
        if call is None:
            call = self.calls[sent["id"]] = Call(sent["id"], sent["project_id"], "", sent.get("trace_id") or sent["id"])
        for name in ("output", "summary", "exception", "ended_at", "wb_run_step_end"):
            if sent.get(name) is not None:
                setattr(call, name, sent[name])

    def keep_object(self, sent: dict[str, Any]) -> Object:
        digest = sent.get("expected_digest") or text_digest(json.dumps(sent["val"], sort_keys=True))
        same = self._versions(sent["project_id"], sent["object_id"])
        found = next((each for each in same if each.digest == digest), None)
        if found is None:
            found = Object(sent["project_id"], sent["object_id"], digest, len(same), sent["val"])
            self.objects.append(found)
        return found

    def find_object(self, project_id: str, object_id: str, digest: str) -> Object | None:
        same = self._versions(project_id, object_id)
        if digest == "latest":
            return same[-1] if same else None
        version = int(digest[1:]) if digest[:1] == "v" and digest[1:].isdigit() else None
        return next((each for each in same if digest == each.digest or version == each.version), None)

    def _versions(self, project_id: str, object_id: str) -> list[Object]:
        return [each for each in self.objects if (each.project_id, each.object_id) == (project_id, object_id)]

    def keep_rows(self, rows: list[Any]) -> list[str]:
        digests = [text_digest(json.dumps(row, sort_keys=True)) for row in rows]
        self.rows |= dict(zip(digests, rows, strict=True))
        return digests

    def keep_table(self, row_digests: list[str], expected: str | None = None) -> str:
        digest = expected or hashlib.sha256("".join(row_digests).encode()).hexdigest()
        self.tables[digest] = list(row_digests)
        return digest


def text_digest(text: str) -> str:
    """Weave's own digest, which the client computes too."""
    return bytes_digest(text.encode())


def bytes_digest(body: bytes) -> str:
    encoded = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode()
    return encoded.replace("-", "X").replace("_", "Y").rstrip("=")
