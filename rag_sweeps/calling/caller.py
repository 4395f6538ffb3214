"""Calls -> outcomes as they finish: from the store, or asked, paid, paced, retried and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Lock

from rag_sweeps.calling.attempts import Attempt, Attempts
from rag_sweeps.calling.batches import Batches
from rag_sweeps.calling.crew import Crew
from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.in_flight import InFlight
from rag_sweeps.calling.limits import GRACE_S, Limits
from rag_sweeps.calling.reading import Outcome, Reading
from rag_sweeps.calling.setup_check import SetupCheck
from rag_sweeps.errors import TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import BatchModel, ChatModel, Embedder, Progress
from rag_sweeps.records import Call, Completion, NoReply
from rag_sweeps.store.replies import ReplyStore

OpenModel = Callable[[str, str], ChatModel]
"""(model as a config names it, address of a compatible server or "") -> the model."""

OpenBatchModel = Callable[[str], BatchModel | None]

OpenEmbedder = Callable[[str, str], Embedder]
"""(model as a config names it, trial id) -> its embedder."""

BYTES_PER_TOKEN = 4
"""Of usual text; only paces calls until replies tell better, never bounds money."""

_in_flight = InFlight()


class ModelCaller:
    """Fits protocols.Caller, for one sweep. first_poll_s: before a batch is looked at again; later ones are longer."""

    def __init__(
        self,
        *,
        open_model: OpenModel,
        ledger: Ledger,
        prices: Prices,
        replies: ReplyStore,
        limits: Limits,
        sweep_id: str,
        budget_usd: float | None,
        batch: OpenBatchModel | None = None,
        open_embedder: OpenEmbedder | None = None,
        first_poll_s: float = 5.0,
    ) -> None:
        self._open_model = open_model
        self._open_embedder = open_embedder
        self._ledger = ledger
        self._prices = prices
        self._replies = replies
        self._limits = limits
        self._sweep_id = sweep_id
        self._attempts = Attempts(
            ledger=ledger, usd_of=prices.usd, limits=limits, sweep_id=sweep_id, budget_usd=budget_usd
        )
        self._batches = (
            Batches(
                open_batch_model=batch,
                ledger=ledger,
                prices=prices,
                replies=replies,
                limits=limits,
                sweep_id=sweep_id,
                budget_usd=budget_usd,
                first_poll_s=first_poll_s,
            )
            if batch is not None
            else None
        )
        self._models: dict[tuple[str, str], ChatModel] = {}
        self._lock = Lock()

    def complete_all(
        self, calls: Iterable[Call], *, what: str, total: int, progress: Progress
    ) -> Iterator[tuple[int, Outcome]]:
        """(position in `calls`, outcome) in the order they finish.

        At most `concurrency` calls are read ahead. Closing the iterator ends within seconds; what is in flight then
        counts at its worst. Raises CapReachedError and InputError after what was in flight is yielded, and TrialError
        where the first 20 calls, and those in flight beside them, all went without a reply.
        """
        crew: Crew[Outcome] = Crew(overdue_s=self._limits.overdue_s)
        done = 0
        progress(what, done, total)
        try:
            for position, outcome in self._outcomes(calls, crew):
                done += 1
                progress(what, done, total)
                yield position, outcome
        finally:
            crew.close(GRACE_S)

    def embedder(self, model: str, *, trial_id: str) -> Embedder:
        """The embedder of a provider's model, under the same cap and limits."""
        if self._open_embedder is None:
            raise TrialError(f"{model} cannot embed here: this caller asks chat models alone")
        return self._open_embedder(model, trial_id)

    def _outcomes(self, calls: Iterable[Call], crew: Crew[Outcome]) -> Iterator[tuple[int, Outcome]]:
        check = SetupCheck()
        for_batches: list[tuple[int, Call]] = []

        def set_aside(position: int, call: Call) -> bool:
            takes = self._batches is not None and self._batches.takes(call)
            if takes:
                for_batches.append((position, call))
            return takes

        reading = Reading(
            calls,
            at_once=self._stored,
            set_aside=set_aside,
            complete=self._complete,
            concurrency=self._limits.concurrency,
            crew=crew,
            check=check,
        )
        yield from reading.outcomes()
        if self._batches is not None and for_batches:
            yield from self._batches.outcomes(for_batches, check)

    def _complete(self, call: Call, key: str, flight: Flight) -> Outcome:
        """Ask, unless an equal request is being asked: then its reply is this call's too."""
        while True:
            with _in_flight.claim(str(self._replies.path), key, flight) as (mine, asking):
                if mine:
                    outcome = self._stored(call, key) or self._ask(call, key, flight)
                    if isinstance(outcome, NoReply):
                        asking.no_reply = outcome
                    return outcome
            asking.wait(flight)
            if asking.no_reply is not None:
                return asking.no_reply

    def _stored(self, call: Call, key: str) -> Completion | None:
        stored = self._replies.get(key)
        if stored is not None:
            self._ledger.note_cached(
                sweep_id=self._sweep_id, usage=stored.usage, trial_id=call.trial_id, question_id=call.question_id
            )
        return stored

    def _ask(self, call: Call, key: str, flight: Flight) -> Outcome:
        request = call.request
        model = self._model(request.model, str(request.settings.get("base_url") or ""))
        provider, _, name = request.model.partition(":")
        attempt = Attempt(
            make=lambda: model.complete(request, call.purpose),
            usage_of=lambda completion: completion.usage,
            keep=lambda completion: self._replies.put(request, completion),
            worst_usd=self._prices.worst_usd(request, batch=False),
            guessed_tokens=(len(request.system) + len(request.user)) // BYTES_PER_TOKEN + request.max_output_tokens,
            provider=provider,
            model=name,
            purpose=call.purpose,
            trial_id=call.trial_id,
            question_id=call.question_id,
            key=key,
        )
        return self._attempts.until_reply(attempt, flight)

    def _model(self, model: str, base_url: str) -> ChatModel:
        with self._lock:
            if (model, base_url) not in self._models:
                self._models[model, base_url] = self._open_model(model, base_url)
            return self._models[model, base_url]
