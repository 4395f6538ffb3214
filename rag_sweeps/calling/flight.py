"""One call under way: what its thread and its reader both look at."""

from __future__ import annotations

import math
import time
from threading import Event, Lock

from rag_sweeps.calling.limits import POLL_S
from rag_sweeps.ledger import Ledger
from rag_sweeps.records import Usage


class HaltedError(Exception):
    """Nobody wants the next attempt any more. Raised and caught inside `calling`."""


class Reserved:
    """Money set aside for one attempt. It is settled or given up once; whatever comes later is ignored."""

    def __init__(self, ledger: Ledger, reservation: int) -> None:
        self._ledger = ledger
        self._reservation = reservation
        self._open = True
        self._lock = Lock()

    def settle(self, usage: Usage, usd: float) -> None:
        if self._close():
            self._ledger.settle(self._reservation, usage=usage, usd=usd)

    def give_up(self, reason: str, *, billed: bool) -> None:
        if self._close():
            self._ledger.give_up(self._reservation, reason=reason, billed=billed)

    def _close(self) -> bool:
        with self._lock:
            was_open, self._open = self._open, False
            return was_open


class Flight:
    """sent: when its last attempt was made (monotonic seconds); under_way: whether that attempt has not ended yet."""

    def __init__(self, halted: Event) -> None:
        self.sent = -math.inf
        self.under_way = False
        self.abandoned = False
        self._halted = halted
        self._reserved: Reserved | None = None

    def check(self) -> None:
        """Raises HaltedError when this call shall make no further attempt."""
        if self.abandoned or self._halted.is_set():
            raise HaltedError

    def wait(self, seconds: float) -> None:
        """Sleep, or raise HaltedError as soon as the call is not wanted any more."""
        until = time.monotonic() + seconds
        self.check()
        while (left := until - time.monotonic()) > 0:
            self._halted.wait(min(left, POLL_S))
            self.check()

    def takes_off(self, reserved: Reserved) -> None:
        self._reserved, self.sent, self.under_way = reserved, time.monotonic(), True

    def lands(self) -> None:
        self._reserved, self.under_way = None, False

    def abandon(self, reason: str) -> None:
        """Wait no longer. An attempt under way may be billed, so it counts at its worst."""
        reserved, self.abandoned = self._reserved, True
        if reserved is not None:
            reserved.give_up(reason, billed=True)
