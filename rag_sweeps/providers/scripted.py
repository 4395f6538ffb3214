"""A chat model and a caller that need no provider: replies come from a function. Made for tests and rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rag_sweeps.errors import ProviderBusyError, ProviderFaultError
from rag_sweeps.protocols import ChatModel, Progress
from rag_sweeps.records import Call, ChatRequest, Completion, NoReply, Purpose, Usage


class ScriptedModel:
    """Fits ChatModel. `reply` may return a text, a whole Completion, or raise what a provider would.

    requests: everything that was asked, in order. Tokens are words, and cost nothing.
    """

    def __init__(self, reply: Callable[[ChatRequest], str | Completion]) -> None:
        self._reply = reply
        self.requests: list[ChatRequest] = []

    def complete(self, request: ChatRequest, purpose: Purpose) -> Completion:
        self.requests.append(request)
        reply = self._reply(request)
        if isinstance(reply, Completion):
            return reply
        asked = len(request.system.split()) + len(request.user.split())
        usage = Usage("local", request.model, purpose, input_tokens=asked, output_tokens=len(reply.split()))
        return Completion(reply, usage)


class DirectCaller:
    """Fits Caller: one call after the other, one attempt each, without prices, ledger or store."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    def complete_all(
        self, calls: Iterable[Call], *, what: str, total: int, progress: Progress
    ) -> Iterator[tuple[int, Completion | NoReply]]:
        for position, call in enumerate(calls):
            outcome: Completion | NoReply
            try:
                outcome = self._model.complete(call.request, call.purpose)
            except (ProviderBusyError, ProviderFaultError) as error:
                outcome = NoReply(str(error))
            progress(what, position + 1, total)
            yield position, outcome
