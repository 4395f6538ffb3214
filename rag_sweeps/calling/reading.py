"""Calls, read as there is room -> outcomes as they end; and when to read no further."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from rag_sweeps.calling.crew import Crew, Ended
from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.setup_check import SetupCheck
from rag_sweeps.records import Call, Completion, NoReply

Outcome = Completion | NoReply


class Reading:
    """One pass over `calls`.

    at_once: the outcome of a call that needs no asking, or None. set_aside: whether a call is taken care of elsewhere.
    complete: asks, on a thread of its own. concurrency: calls read and not yet handed over.
    """

    def __init__(
        self,
        calls: Iterable[Call],
        *,
        at_once: Callable[[Call, str], Outcome | None],
        set_aside: Callable[[int, Call], bool],
        complete: Callable[[Call, str, Flight], Outcome],
        concurrency: int,
        crew: Crew[Outcome],
        check: SetupCheck,
    ) -> None:
        self._calls: Iterator[tuple[int, Call]] | None = enumerate(calls)
        self._at_once = at_once
        self._set_aside = set_aside
        self._complete = complete
        self._concurrency = concurrency
        self._crew = crew
        self._check = check
        self._keys: dict[int, str] = {}
        self._failure: BaseException | None = None

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Raises the first error that no other call would escape, once nothing is in flight any more."""
        while (may_read := self._may_read()) or len(self._crew) > 0:
            if may_read:
                yield from self._read_one()
            ended = self._crew.ended(wait=not may_read)
            if ended is not None:
                yield from self._hand_over(ended)
        if self._failure is not None:
            raise self._failure
        self._check.raise_where_nothing_works()

    def _may_read(self) -> bool:
        is_open = self._calls is not None and self._failure is None and not self._check.is_in_doubt
        return is_open and len(self._crew) < self._concurrency

    def _read_one(self) -> Iterator[tuple[int, Outcome]]:
        try:
            position, call = next(self._calls or iter(()))
            key = call.key  # computed once: it takes as long as finding the reply
            outcome = self._at_once(call, key)
        except StopIteration:
            self._calls = None
            return
        except Exception as error:  # what is in flight is paid for, so it is handed over before this is raised
            self._stop(error)
            return
        if outcome is not None:
            self._check.note(key, outcome)
            yield position, outcome
        elif not self._set_aside(position, call):
            self._keys[position] = key
            self._crew.start(position, partial(self._complete, call, key))

    def _hand_over(self, ended: Ended[Outcome]) -> Iterator[tuple[int, Outcome]]:
        key = self._keys.pop(ended.position)
        if ended.error is not None:
            self._stop(ended.error)
        outcome = NoReply(ended.overdue) if ended.overdue is not None else ended.value
        if outcome is not None:
            self._check.note(key, outcome)
            yield ended.position, outcome

    def _stop(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._crew.halted.set()
