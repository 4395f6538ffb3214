"""Functions run on threads of their own -> what came of them, in the order they end. Nothing waits without a limit."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from rag_sweeps.calling.flight import Flight, HaltedError
from rag_sweeps.calling.limits import POLL_S

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """What came of one function: a value, an error, or neither where it was halted.

    overdue: why it was given up while it still runs.
    """

    position: int
    value: T | None = None
    error: BaseException | None = None
    overdue: str | None = None


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One function to run, in the context of who wants it."""

    position: int
    work: Callable[[Flight], T]
    flight: Flight
    context: contextvars.Context


class Crew(Generic[T]):
    """The calls in flight of one reader, each on a thread that then takes the next.

    Threads are daemons: one that hangs does not keep the process alive, and is replaced when its call is overdue.
    """

    def __init__(self, *, overdue_s: float) -> None:
        self.halted = Event()
        self._overdue_s = overdue_s
        self._flights: dict[int, Flight] = {}
        self._jobs: SimpleQueue[Job[T] | None] = SimpleQueue()
        self._ended: SimpleQueue[Ended[T]] = SimpleQueue()
        self._n_threads = 0

    def __len__(self) -> int:
        return len(self._flights)

    def start(self, position: int, work: Callable[[Flight], T]) -> None:
        """Run the function with the reader's context variables, so that a trace goes on inside it."""
        flight = self._flights[position] = Flight(self.halted)
        self._jobs.put(Job(position, work, flight, contextvars.copy_context()))
        if self._n_threads < len(self._flights):
            self._n_threads += 1
            Thread(target=self._serve, name=f"calls-{self._n_threads}", daemon=True).start()

    def ended(self, *, wait: bool) -> Ended[T] | None:
        """The next one that ended; None where there is none yet, or none within a short while."""
        try:
            ended = self._ended.get(timeout=POLL_S) if wait else self._ended.get_nowait()
        except Empty:
            return self._overdue() if wait else None
        # A call that was given up for overdue may end after all.
        return ended if self._flights.pop(ended.position, None) is not None else None

    def close(self, grace_s: float) -> None:
        """Start no further attempt; wait a little for those in flight; abandon the rest."""
        self.halted.set()
        until = time.monotonic() + grace_s
        try:
            while self._flights and time.monotonic() < until:
                self.ended(wait=True)
        finally:
            for flight in self._flights.values():
                flight.abandon("nobody waited for the reply")
            self._flights.clear()
            self._jobs.put(None)

    def _overdue(self) -> Ended[T] | None:
        now = time.monotonic()
        for position, flight in self._flights.items():
            if flight.under_way and now - flight.sent > self._overdue_s:
                reason = f"no reply within {self._overdue_s:.0f} s"
                flight.abandon(reason)
                del self._flights[position]
                self._n_threads -= 1
                return Ended(position, overdue=reason)
        return None

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._ended.put(_run(job))
            del job  # what it holds may be large, and the next one may be long in coming
        self._jobs.put(None)  # for the next thread


def _run(job: Job[T]) -> Ended[T]:
    try:
        return Ended(job.position, value=job.context.run(job.work, job.flight))
    except HaltedError:
        return Ended(job.position)
    except BaseException as error:  # raised again by the one who reads
        return Ended(job.position, error=error)
