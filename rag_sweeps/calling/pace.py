"""What a provider lets through: calls at once, a pause while it is busy, and the tokens a call turns out to take.

Concurrency goes down by half when the provider refuses and up by one after as many replies as it allows at once
(additive increase, multiplicative decrease, as in Chiu and Jain 1989).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.limits import MAX_WAIT_S, POLL_S

REPLIES_TO_LEARN = 5


class Pace:
    """One provider as the calls of this process meet it. Safe from many threads."""

    def __init__(self, concurrency: int) -> None:
        self.allowed = concurrency
        self._most = concurrency
        self._changed = Condition()
        self._n_successes = 0
        self._lowered_at = -math.inf
        self._paused_until = -math.inf
        self._refusing_since: float | None = None
        self._guessed_tokens = 0
        self._used_tokens = 0
        self._n_learnt = 0
        self._in_flight: set[Flight] = set()

    @contextmanager
    def slot(self, flight: Flight) -> Iterator[None]:
        """Wait for a place among the calls in flight, and for the end of a pause."""
        with self._changed:
            while (wait_s := self._wait_s()) > 0:
                flight.check()
                self._changed.wait(min(wait_s, POLL_S))
            self._in_flight.add(flight)
        try:
            yield
        finally:
            with self._changed:
                self._in_flight.discard(flight)
                self._changed.notify()

    def refused(self, *, began: float, wait_s: float) -> None:
        """The provider was busy for a call that began then (monotonic seconds): fewer at once, and none for a while."""
        with self._changed:
            now = time.monotonic()
            if began > self._lowered_at:  # calls refused together lower it once
                self.allowed = max(1, self.allowed // 2)
                self._lowered_at = now
            self._n_successes = 0
            if wait_s <= MAX_WAIT_S:  # for a longer one nobody waits
                self._paused_until = max(self._paused_until, now + wait_s)
            self._changed.notify_all()  # all of them wait for the end of the pause now
            self._refusing_since = self._refusing_since if self._refusing_since is not None else began

    def refusing_s(self) -> float:
        """For how long the provider has refused everything."""
        with self._changed:
            return 0.0 if self._refusing_since is None else time.monotonic() - self._refusing_since

    def replied(self) -> None:
        """One more call came through."""
        with self._changed:
            self._refusing_since = None
            self._n_successes += 1
            if self._n_successes >= self.allowed and self.allowed < self._most:
                self.allowed += 1
                self._n_successes = 0
                self._changed.notify()

    def learn(self, *, guessed_tokens: int, used_tokens: int) -> None:
        """What a call was guessed to take at most, and what it took."""
        with self._changed:
            self._n_learnt += 1
            self._guessed_tokens += guessed_tokens
            self._used_tokens += used_tokens

    def expected_tokens(self, guessed_tokens: int) -> int:
        """What a call will take, going by those before it; the guess itself while there are few."""
        with self._changed:
            if self._n_learnt < REPLIES_TO_LEARN or self._guessed_tokens == 0:
                return guessed_tokens
            return max(1, math.ceil(guessed_tokens * self._used_tokens / self._guessed_tokens))

    def _wait_s(self) -> float:
        """Seconds to wait before looking again; 0 where a call may go."""
        pause_s = self._paused_until - time.monotonic()
        if pause_s > 0:
            return pause_s
        return POLL_S if sum(not flight.abandoned for flight in self._in_flight) >= self.allowed else 0.0
