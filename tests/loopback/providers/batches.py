"""The batch APIs of the loopback server: files and batches of OpenAI, message batches of Anthropic."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loopback.providers import anthropic_api, openai_api
from loopback.providers.exchange import Asked, Exchange

DAY = "2026-11-27T12:00:00Z"


@dataclass(slots=True)
class Batch:
    """entries: (custom id, body). polls: how often its state is asked before it has ended."""

    id: str
    entries: list[tuple[str, dict[str, Any]]]
    polls: int
    state: str = "running"
    good: list[dict[str, Any]] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)


class Batches:
    """Both APIs' batches by id, and OpenAI's files. Safe from many threads."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lock = threading.Lock()
        self._batches: dict[str, Batch] = {}
        self._files: dict[str, bytes] = {}
        self.polls = 1
        """Of every batch from now on."""
        self.refuse_next = False
        """The next OpenAI batch fails as a whole."""

    # OpenAI

    def upload(self, content: bytes, content_type: str) -> dict[str, Any]:
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        form = email.message_from_bytes(head + content, policy=email.policy.HTTP)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}  # type: ignore[attr-defined]
        assert parts["purpose"].get_payload(decode=True).strip() == b"batch"
        name = self._keep(parts["file"].get_payload(decode=True))
        return {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "b", "purpose": "batch"}

    def file(self, name: str) -> bytes:
        return self._files[name]

    def create_openai(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["completion_window"] == "24h"
        assert body["endpoint"] == "/v1/chat/completions"
        lines = [json.loads(line) for line in self._files[body["input_file_id"]].split(b"\n") if line]
        assert all(line["url"] == body["endpoint"] and line["method"] == "POST" for line in lines)
        batch = self._add("batch", [(line["custom_id"], line["body"]) for line in lines])
        if self.refuse_next or len({line["custom_id"] for line in lines}) < len(lines):
            batch.state, self.refuse_next = "failed", False
        return self.openai_state(batch.id)

    def openai_state(self, batch_id: str, *, poll: bool = False) -> dict[str, Any]:
        batch = self._polled(batch_id, self._work_openai) if poll else self._batches[batch_id]
        status = {"running": "in_progress", "ended": "completed", "cancelled": "cancelled"}.get(batch.state, "failed")
        files = {
            name: self._keep(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines))
            for name, lines in (("output_file_id", batch.good), ("error_file_id", batch.bad))
            if lines
        }
        known = {"completion_window": "24h", "created_at": 1, "endpoint": "/v1/chat/completions", "input_file_id": "f"}
        errors = (
            {"object": "list", "data": [{"code": "invalid", "message": "bad line"}]} if status == "failed" else None
        )
        return {"id": batch.id, "object": "batch", "status": status, "errors": errors, **known, **files}

    def _work_openai(self, batch: Batch) -> None:
        def line(custom_id: str, status: int, body: dict[str, Any] | None, error: object = None) -> dict[str, Any]:
            response = None if body is None else {"status_code": status, "request_id": "req", "body": body}
            return {"id": f"r-{custom_id}", "custom_id": custom_id, "response": response, "error": error}

        for custom_id, body in batch.entries:
            asked = openai_api.read_chat(body, provider="openai", batch=True)
            if isinstance(asked, str):
                batch.bad.append(line(custom_id, 400, openai_api.error_body("400", message=asked)[1]))
                continue
            kind = self._struck(asked)
            if kind == "batch_expired":
                error = {"code": "batch_expired", "message": "This request could not be executed in time."}
                batch.bad.append(line(custom_id, 0, None, error))
            elif kind == "batch_errored":
                batch.bad.append(line(custom_id, *openai_api.error_body("400")))
            else:
                body = openai_api.chat_body(asked, self._exchange.answer(asked, None))
                batch.good.append(line(custom_id, 200, openai_api.wrong_types(body) if kind == "wrong_types" else body))

    # Anthropic

    def create_anthropic(self, body: dict[str, Any]) -> dict[str, Any]:
        batch = self._add("msgbatch", [(entry["custom_id"], entry["params"]) for entry in body["requests"]])
        return self.anthropic_state(batch.id)

    def anthropic_state(self, batch_id: str, *, poll: bool = False, address: str = "") -> dict[str, Any]:
        batch = self._polled(batch_id, self._work_anthropic) if poll else self._batches[batch_id]
        ended = batch.state != "running"
        counts = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": DAY,
            "expires_at": DAY,
            "results_url": f"{address}/v1/messages/batches/{batch.id}/results" if ended else None,
        }

    def anthropic_results(self, batch_id: str) -> bytes:
        lines = self._batches[batch_id].good
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)

    def _work_anthropic(self, batch: Batch) -> None:
        for custom_id, body in batch.entries:
            asked = anthropic_api.read_message(body, batch=True)
            if isinstance(asked, str):
                result = {"type": "errored", "error": anthropic_api.error_body("400", message=asked)[1]}
            elif (kind := self._struck(asked)) == "batch_expired":
                result = {"type": "expired"}
            elif kind == "batch_errored":
                result = {"type": "errored", "error": anthropic_api.error_body("400")[1]}
            else:
                message = anthropic_api.message_body(asked, self._exchange.answer(asked, None))
                message = anthropic_api.wrong_types(message) if kind == "wrong_types" else message
                result = {"type": "succeeded", "message": message}
            batch.good.insert(0, {"custom_id": custom_id, "result": result})  # results come in any order

    # both

    def cancel(self, batch_id: str) -> bool:
        """False where it has ended already."""
        with self._lock:
            batch = self._batches[batch_id]
            if batch.state != "running":
                return False
            batch.state = "cancelled"
            return True

    def known(self, batch_id: str) -> bool:
        return batch_id in self._batches

    def _struck(self, asked: Asked) -> str | None:
        fault = self._exchange.strike(asked)
        if fault is not None and fault.kind.startswith("batch_"):
            self._exchange.write(asked, fault=fault)
        return fault.kind if fault else None

    def _polled(self, batch_id: str, work: Callable[[Batch], None]) -> Batch:
        with self._lock:
            batch = self._batches[batch_id]
            batch.polls -= 1
            if batch.state == "running" and batch.polls < 0:
                work(batch)
                batch.state = "ended"
            return batch

    def _add(self, prefix: str, entries: list[tuple[str, dict[str, Any]]]) -> Batch:
        with self._lock:
            batch = Batch(f"{prefix}_{len(self._batches)}", entries, self.polls)
            self._batches[batch.id] = batch
            return batch

    def _keep(self, content: bytes) -> str:
        with self._lock:
            name = f"file-{len(self._files)}"
            self._files[name] = content
            return name
