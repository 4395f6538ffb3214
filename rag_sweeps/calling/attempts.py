"""One call -> its reply: money reserved, turn taken, attempt made, settled; and the only place that tries again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.limits import MAX_WAIT_S, Limits
from rag_sweeps.calling.pace import Pace
from rag_sweeps.errors import CapReachedError, InputError, ProviderBusyError, ProviderFaultError, TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.records import NoReply, Purpose, Usage

T = TypeVar("T")

HELD_POLL_S = 0.1
"""How often a call that waits for money that others hold looks again."""


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """One way to ask, and all that is written down about it.

    worst_usd: the most it can cost. guessed_tokens: what it may take, before any reply tells better. key: seeds the
    waits. keep: stores a reply before it is settled.
    """

    make: Callable[[], T]
    usage_of: Callable[[T], Usage]
    keep: Callable[[T], None]
    worst_usd: float
    guessed_tokens: int
    provider: str
    model: str
    purpose: Purpose
    trial_id: str
    question_id: str
    key: str


class Attempts:
    """Makes attempts for one sweep, at the pace each provider takes them."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        usd_of: Callable[[Usage], float],
        limits: Limits,
        sweep_id: str,
        budget_usd: float | None,
    ) -> None:
        self._ledger = ledger
        self._usd_of = usd_of
        self._limits = limits
        self._sweep_id = sweep_id
        self._budget_usd = budget_usd
        self._paces: dict[str, Pace] = {}
        self._lock = Lock()

    def pace(self, provider: str) -> Pace:
        with self._lock:
            return self._paces.setdefault(provider, Pace(self._limits.concurrency))

    def until_reply(self, attempt: Attempt[T], flight: Flight) -> T | NoReply:
        """Try until there is a reply, or say why there is none.

        Raises what no other call would escape: InputError, CapReachedError, a ledger that fails; and HaltedError.
        """
        pace = self.pace(attempt.provider)
        n_failed = n_refused = 0
        refused_s = 0.0
        while True:
            flight.check()
            busy_s = self._limits.backoff_s(attempt.key, n_refused + 1)
            try:
                return self._once(attempt, flight, pace, busy_s=busy_s)
            except ProviderBusyError as error:
                wait_s = error.retry_after_s or busy_s
                if wait_s > MAX_WAIT_S:
                    return NoReply(f"{error}; it asks to wait {wait_s:.0f} s, and {MAX_WAIT_S:.0f} s is the limit")
                n_refused, refused_s = n_refused + 1, refused_s + wait_s
                if refused_s > MAX_WAIT_S or pace.refusing_s() > MAX_WAIT_S:
                    return NoReply(f"{error}; refused for {MAX_WAIT_S:.0f} s")
            except ProviderFaultError as error:
                n_failed += 1
                if n_failed >= self._limits.attempts:
                    return NoReply(f"{error} (attempt {n_failed} of {self._limits.attempts})")
                flight.wait(self._limits.backoff_s(attempt.key, n_failed))

    def _once(self, attempt: Attempt[T], flight: Flight, pace: Pace, *, busy_s: float) -> T | NoReply:
        """The turn comes before the place: who waits for a turn keeps no other call from the provider."""
        reservation = self._reserve(attempt, flight)

        def give_up(reason: str, *, billed: bool = True) -> None:
            self._ledger.give_up(reservation, reason=reason, billed=billed)

        try:
            flight.wait(self._turn_s(attempt, pace))
            with pace.slot(flight):
                flight.takes_off(give_up)
                try:
                    return self._sent(attempt, pace, reservation, give_up)
                except ProviderBusyError as error:  # before its place is free for the next call
                    pace.refused(began=flight.sent, wait_s=error.retry_after_s or busy_s)
                    raise
                finally:
                    flight.lands()
        except BaseException:
            give_up("not sent", billed=False)  # where it is not closed yet
            raise

    def _sent(self, attempt: Attempt[T], pace: Pace, reservation: int, give_up: Callable[..., None]) -> T | NoReply:
        try:
            reply = _made(attempt, give_up)
            if isinstance(reply, NoReply):
                return reply
            usage = self._kept(attempt, reservation, reply)
        except BaseException as error:
            give_up(str(error))  # where it is not closed yet
            raise
        pace.replied()
        pace.learn(guessed_tokens=attempt.guessed_tokens, used_tokens=usage.input_tokens + usage.output_tokens)
        return reply

    def _kept(self, attempt: Attempt[T], reservation: int, reply: T) -> Usage:
        """Store first, then settle: a process killed between the two has paid once, and the ledger holds the worst."""
        usage = attempt.usage_of(reply)
        attempt.keep(reply)
        self._ledger.settle(reservation, usage=usage, usd=self._usd_of(usage))
        return usage

    def _reserve(self, attempt: Attempt[T], flight: Flight) -> int:
        """A call that only the worst cases of open ones keep out waits for these, as long as one of them may take."""
        until = time.monotonic() + self._limits.timeout_s
        while True:
            try:
                return self._reserved(attempt)
            except CapReachedError as cap:
                if not cap.may_pass or time.monotonic() > until:
                    raise
            flight.wait(HELD_POLL_S)

    def _reserved(self, attempt: Attempt[T]) -> int:
        return self._ledger.reserve(
            sweep_id=self._sweep_id,
            budget_usd=self._budget_usd,
            worst_usd=attempt.worst_usd,
            provider=attempt.provider,
            model=attempt.model,
            purpose=attempt.purpose,
            trial_id=attempt.trial_id,
            question_id=attempt.question_id,
        )

    def _turn_s(self, attempt: Attempt[T], pace: Pace) -> float:
        if self._limits.requests_per_minute is None and self._limits.tokens_per_minute is None:
            return 0.0
        return self._ledger.turn(
            attempt.provider,
            tokens=pace.expected_tokens(attempt.guessed_tokens),
            requests_per_minute=self._limits.requests_per_minute,
            tokens_per_minute=self._limits.tokens_per_minute,
        )


def _made(attempt: Attempt[T], give_up: Callable[..., None]) -> T | NoReply:
    """NoReply where the provider will never accept this request; other requests it may."""
    try:
        return attempt.make()
    except TrialError as error:
        give_up(str(error), billed=getattr(error, "billed", False))
        if isinstance(error, ProviderBusyError | ProviderFaultError):
            raise
        return NoReply(str(error))
    except InputError as error:
        give_up(str(error), billed=False)
        raise
