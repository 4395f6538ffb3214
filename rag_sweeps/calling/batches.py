"""Calls of a model with a batch API -> one batch per model and purpose -> outcomes, hours later and at half the price.

A batch outlives its process: the same command finds the batches of its sweep again and asks nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rag_sweeps.calling.batch_files import BatchFiles, BatchRecord
from rag_sweeps.calling.batch_waiting import ask_patiently, wait_for_end, wait_for_lock
from rag_sweeps.calling.limits import Limits
from rag_sweeps.calling.setup_check import SetupCheck
from rag_sweeps.errors import InputError, RagSweepsError, TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.prices import Prices
from rag_sweeps.protocols import BatchModel
from rag_sweeps.records import Call, Completion, NoReply, Purpose
from rag_sweeps.store.files import shown
from rag_sweeps.store.replies import ReplyStore

Outcome = Completion | NoReply
Placed = tuple[int, Call]


class Batches:
    """The batches of one sweep. Two workers that want the same replies wait for the same batch."""

    def __init__(
        self,
        *,
        open_batch_model: Callable[[str], BatchModel | None],
        ledger: Ledger,
        prices: Prices,
        replies: ReplyStore,
        limits: Limits,
        sweep_id: str,
        budget_usd: float | None,
        first_poll_s: float,
    ) -> None:
        self._open_batch_model = open_batch_model
        self._ledger = ledger
        self._prices = prices
        self._replies = replies
        self._limits = limits
        self._sweep_id = sweep_id
        self._budget_usd = budget_usd
        self._first_poll_s = first_poll_s
        self._files = BatchFiles(sweep_id)
        self._models: dict[str, BatchModel | None] = {}

    def takes(self, call: Call) -> bool:
        """Whether the model of this call has a batch API."""
        model = call.request.model
        if model not in self._models:
            self._models[model] = self._open_batch_model(model)
        return self._models[model] is not None

    def outcomes(self, placed: Sequence[Placed], check: SetupCheck) -> Iterator[tuple[int, Outcome]]:
        """All batches are submitted before the first is waited for."""
        groups: dict[tuple[str, Purpose], dict[str, list[Placed]]] = {}
        for position, call in placed:
            group = groups.setdefault((call.request.model, call.purpose), {})
            group.setdefault(call.key, []).append((position, call))
        refused: dict[str, NoReply] = {}
        for (model, purpose), wanted in groups.items():
            refused |= self._submit_missing(model, purpose, wanted)
        for (model, _), wanted in groups.items():
            for key, outcome in self._collect(model, wanted, refused):
                check.note(key, outcome)
                for at, (position, call) in enumerate(wanted[key]):
                    yield position, outcome if at == 0 else self._again(call, outcome)
        check.raise_where_nothing_works()

    def _submit_missing(
        self, model: str, purpose: Purpose, wanted: Mapping[str, Sequence[Placed]]
    ) -> dict[str, NoReply]:
        """Submit what neither the store nor a batch under way has. Returns what could not be submitted."""
        with wait_for_lock(self._files.submitting(), timeout_s=self._limits.overdue_s * self._limits.attempts):
            under_way: set[str] = set()
            for record in self._files.all(model):
                if record.batch_id is None:  # its process died while it submitted; perhaps it is billed
                    self._give_up(record.reservations.values(), "killed while its batch was submitted", billed=True)
                    self._files.remove(record)
                else:
                    under_way |= set(record.reservations)
            missing = [calls[0][1] for key, calls in wanted.items() if key not in under_way]
            missing = [call for call in missing if self._replies.get(call.key) is None]
            return self._submit(model, purpose, missing) if missing else {}

    def _submit(self, model: str, purpose: Purpose, calls: Sequence[Call]) -> dict[str, NoReply]:
        batch_model = self._models[model]
        assert batch_model is not None
        requests = {call.key: call.request for call in calls}
        reservations = self._reserve(calls)
        record = self._files.add(model, purpose, requests, reservations)
        try:
            batch_id = ask_patiently(lambda: batch_model.submit(requests), self._limits, key=record.name, may_cost=True)
        except RagSweepsError as error:
            self._give_up(reservations.values(), str(error), billed=getattr(error, "billed", False))
            self._files.remove(record)
            if not isinstance(error, TrialError):
                raise
            return dict.fromkeys(requests, NoReply(f"its batch was not accepted: {error}"))
        self._files.submitted(record, batch_id)
        return {}

    def _reserve(self, calls: Sequence[Call]) -> dict[str, int]:
        """All or nothing: a batch that does not fit under the cap is not submitted in part."""
        reservations: dict[str, int] = {}
        try:
            for call in calls:
                provider, _, model = call.request.model.partition(":")
                reservations[call.key] = self._ledger.reserve(
                    sweep_id=self._sweep_id,
                    budget_usd=self._budget_usd,
                    worst_usd=self._prices.worst_usd(call.request, batch=True),
                    provider=provider,
                    model=model,
                    purpose=call.purpose,
                    trial_id=call.trial_id,
                    question_id=call.question_id,
                )
        except BaseException:
            self._give_up(reservations.values(), "its batch was not submitted", billed=False)
            raise
        return reservations

    def _collect(
        self, model: str, wanted: Mapping[str, Sequence[Placed]], refused: Mapping[str, NoReply]
    ) -> Iterator[tuple[str, Outcome]]:
        left = dict.fromkeys(wanted)
        for record in self._files.all(model):
            if not left.keys() & record.reservations.keys():
                continue
            with wait_for_lock(self._files.claim(record)):
                still = self._files.get(record.name)  # None where another worker has collected it meanwhile
                outcomes = self._collect_one(still) if still is not None else {}
            for key in outcomes.keys() & left.keys():
                del left[key]
                yield key, outcomes[key]
        for key in left:
            stored = self._stored(wanted[key][0][1])
            yield key, stored or refused.get(key) or NoReply("its batch ended without it")

    def _collect_one(self, record: BatchRecord) -> dict[str, Outcome]:
        """Wait for a batch, store and settle every reply of it, and forget it."""
        model, batch_id = self._models[record.model], record.batch_id
        assert model is not None
        assert batch_id is not None
        try:
            state = wait_for_end(model, batch_id, self._limits, first_poll_s=self._first_poll_s)
        except InputError as error:  # providers forget a batch after a month
            remedy = f"if batch {batch_id} is gone, delete {shown(self._files.path(record))} to ask anew"
            raise InputError(f"{error}; {remedy}") from error
        results: dict[str, Outcome] = {}
        if state == "ended":
            results = ask_patiently(
                lambda: dict(model.results(batch_id, record.purpose)), self._limits, key=batch_id, may_cost=False
            )
        requests = self._files.requests(record)
        outcomes: dict[str, Outcome] = {}
        for key, reservation in record.reservations.items():
            outcome = results.get(key, NoReply(f"batch {batch_id} {state} without it"))
            if isinstance(outcome, Completion):
                usage = replace(outcome.usage, batch=True)
                outcome = replace(outcome, usage=usage)
                self._replies.put(requests[key], outcome)
                self._ledger.settle(reservation, usage=usage, usd=self._prices.usd(usage))
            else:
                # Refused and expired ones are not billed; of one that the provider lost, nothing is known.
                is_lost = state == "ended" and key not in results
                self._ledger.give_up(reservation, reason=outcome.reason, billed=is_lost)
            outcomes[key] = outcome
        self._files.remove(record)
        return outcomes

    def _again(self, call: Call, outcome: Outcome) -> Outcome:
        return outcome if isinstance(outcome, NoReply) else self._stored(call) or outcome

    def _stored(self, call: Call) -> Completion | None:
        stored = self._replies.get(call.key)
        if stored is not None:
            self._ledger.note_cached(
                sweep_id=self._sweep_id, usage=stored.usage, trial_id=call.trial_id, question_id=call.question_id
            )
        return stored

    def _give_up(self, reservations: Iterable[int], reason: str, *, billed: bool) -> None:
        for reservation in reservations:
            self._ledger.give_up(reservation, reason=reason, billed=billed)
