"""Requests -> completions through Anthropic's message batches, within a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from rag_sweeps.errors import TrialError
from rag_sweeps.protocols import BatchState
from rag_sweeps.providers.anthropic_chat import message_arguments, read_completion, read_usage
from rag_sweeps.providers.batch_entries import LONGEST_TRANSFER_S, outcome, parse_lines, reason_of
from rag_sweeps.providers.bodies import Body, parse_body
from rag_sweeps.providers.connections import open_anthropic
from rag_sweeps.providers.endpoints import open_endpoint
from rag_sweeps.providers.translation import translated_errors
from rag_sweeps.records import ChatRequest, Completion, NoReply, Purpose

MOST_CALLS = 100_000

_STATES: Mapping[str, BatchState] = {"in_progress": "running", "canceling": "running", "ended": "ended"}
_NOT_DONE = {"expired": "batch_expired: not answered within a day", "canceled": "canceled before it was answered"}


class AnthropicBatches:
    """Message batches of one model of Anthropic."""

    def __init__(self, model: str, *, timeout_s: float) -> None:
        self._model = model
        self._name = f"anthropic:{model}"
        self._endpoint = open_endpoint("anthropic")
        self._client = open_anthropic(self._endpoint, timeout_s=max(timeout_s, LONGEST_TRANSFER_S), owner=self)

    def submit(self, calls: Mapping[str, ChatRequest]) -> str:
        if not 0 < len(calls) <= MOST_CALLS:
            raise TrialError(f"{self._name}: a batch takes 1 to {MOST_CALLS} calls; split it")
        entries: list[Any] = [
            {"custom_id": name, "params": message_arguments(self._model, request)} for name, request in calls.items()
        ]
        with translated_errors(self._endpoint, self._model):
            made = self._client.messages.batches.with_raw_response.create(requests=entries)
            return parse_body(made.http_response.content, self._name).text("id")

    def state(self, batch_id: str) -> BatchState:
        with translated_errors(self._endpoint, self._model, thing="batch"):
            response = self._client.messages.batches.with_raw_response.retrieve(batch_id)
            batch = parse_body(response.http_response.content, self._name)
        if batch.text("processing_status") not in _STATES:
            raise batch.wrong("processing_status", "a state of a batch")
        return _STATES[batch.text("processing_status")]

    def results(self, batch_id: str, purpose: Purpose) -> Iterator[tuple[str, Completion | NoReply]]:
        for line in parse_lines(self._download(batch_id), self._name):
            yield line.text("custom_id"), outcome(partial(self._read, line, purpose))

    def cancel(self, batch_id: str) -> None:
        try:
            with translated_errors(self._endpoint, self._model, thing="batch"):
                self._client.messages.batches.with_raw_response.cancel(batch_id)
        except TrialError:
            if self.state(batch_id) == "running":
                raise

    def _read(self, line: Body, purpose: Purpose) -> Completion | NoReply:
        result = line.body("result")
        kind = result.text("type")
        if kind in _NOT_DONE:
            return NoReply(_NOT_DONE[kind])
        if kind == "errored":
            return NoReply(reason_of(result.body("error").body("error"), self._endpoint))
        message = result.body("message")
        usage = read_usage(message.body("usage"), self._model, purpose, 0.0, batch=True)
        return read_completion(message, usage, self._endpoint)

    def _download(self, batch_id: str) -> bytes:
        """The bytes: the SDK would build objects without checking them."""
        with (
            translated_errors(self._endpoint, self._model, thing="batch"),
            self._client.messages.batches.with_streaming_response.results(batch_id) as response,
        ):
            return response.read()
