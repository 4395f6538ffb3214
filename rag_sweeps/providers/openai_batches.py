"""Requests -> completions through OpenAI's batch API: a file of requests up, a file of replies down, within a day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from rag_sweeps.errors import TrialError
from rag_sweeps.protocols import BatchState
from rag_sweeps.providers.batch_entries import LONGEST_TRANSFER_S, outcome, parse_lines, reason_of
from rag_sweeps.providers.bodies import Body, parse_body
from rag_sweeps.providers.connections import open_openai
from rag_sweeps.providers.endpoints import open_endpoint
from rag_sweeps.providers.openai_chat import chat_arguments, read_completion, read_usage
from rag_sweeps.providers.translation import translated_errors
from rag_sweeps.records import ChatRequest, Completion, NoReply, Purpose

PATH: Final = "/v1/chat/completions"
MOST_CALLS = 50_000
MOST_BYTES = 200_000_000

_STATES: Mapping[str, BatchState] = {
    "validating": "running",
    "in_progress": "running",
    "finalizing": "running",
    "cancelling": "running",
    "completed": "ended",
    "expired": "ended",
    "cancelled": "ended",
    "failed": "failed",
}


class OpenAiBatches:
    """Batches of one model of OpenAI."""

    def __init__(self, model: str, *, timeout_s: float) -> None:
        self._model = model
        self._name = f"openai:{model}"
        self._endpoint = open_endpoint("openai")
        self._client = open_openai(self._endpoint, timeout_s=max(timeout_s, LONGEST_TRANSFER_S), owner=self)

    def submit(self, calls: Mapping[str, ChatRequest]) -> str:
        if not 0 < len(calls) <= MOST_CALLS:
            raise TrialError(f"{self._name}: a batch takes 1 to {MOST_CALLS} calls; split it")
        lines = [
            {"custom_id": name, "method": "POST", "url": PATH, "body": chat_arguments("openai", self._model, request)}
            for name, request in calls.items()
        ]
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        if len(content) > MOST_BYTES:
            raise TrialError(f"{self._name}: a batch takes {MOST_BYTES} bytes and not {len(content)}; split it")
        with translated_errors(self._endpoint, self._model):
            files, batches = self._client.files.with_raw_response, self._client.batches.with_raw_response
            sent = files.create(file=("batch.jsonl", content), purpose="batch")
            file_id = parse_body(sent.http_response.content, self._name).text("id")
            made = batches.create(input_file_id=file_id, endpoint=PATH, completion_window="24h")
            return parse_body(made.http_response.content, self._name).text("id")

    def state(self, batch_id: str) -> BatchState:
        batch = self._retrieve(batch_id)
        if batch.text("status") not in _STATES:
            raise batch.wrong("status", "a state of a batch")
        return _STATES[batch.text("status")]

    def results(self, batch_id: str, purpose: Purpose) -> Iterator[tuple[str, Completion | NoReply]]:
        batch = self._retrieve(batch_id)
        for name in ("output_file_id", "error_file_id"):
            file_id = batch.text_or_none(name)
            if file_id:
                for line in parse_lines(self._download(file_id), self._name):
                    yield line.text("custom_id"), outcome(partial(self._read, line, purpose))

    def cancel(self, batch_id: str) -> None:
        try:
            with translated_errors(self._endpoint, self._model, thing="batch"):
                self._client.batches.with_raw_response.cancel(batch_id)
        except TrialError:
            if self.state(batch_id) == "running":
                raise

    def _read(self, line: Body, purpose: Purpose) -> Completion | NoReply:
        if line.values.get("error") is not None:
            return NoReply(reason_of(line.body("error"), self._endpoint))
        response = line.body("response")
        body = response.body("body")
        if response.count("status_code") != 200:
            return NoReply(reason_of(body.body("error"), self._endpoint))
        usage = read_usage(body.body("usage"), self._endpoint, self._model, purpose, 0.0, batch=True)
        return read_completion(body, usage, self._endpoint)

    def _retrieve(self, batch_id: str) -> Body:
        with translated_errors(self._endpoint, self._model, thing="batch"):
            response: Any = self._client.batches.with_raw_response.retrieve(batch_id)
            return parse_body(response.http_response.content, self._name)

    def _download(self, file_id: str) -> bytes:
        with translated_errors(self._endpoint, self._model, thing="file"):
            response: Any = self._client.files.with_raw_response.content(file_id)
            return bytes(response.http_response.content)
