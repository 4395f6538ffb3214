"""One call under way: what its thread and its reader both look at."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event

from rag_sweeps.calling.limits import POLL_S


class HaltedError(Exception):
    """Nobody wants the next attempt any more. Raised and caught inside `calling`."""


class Flight:
    """sent: when its last attempt was made (monotonic seconds); under_way: whether that attempt has not ended yet."""

    def __init__(self, halted: Event) -> None:
        self.sent = -math.inf
        self.under_way = False
        self.abandoned = False
        self._halted = halted
        self._give_up: Callable[[str], None] | None = None

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

    def takes_off(self, give_up: Callable[[str], None]) -> None:
        """An attempt is being sent. give_up: writes down, with a reason, that it may be billed."""
        self._give_up, self.sent, self.under_way = give_up, time.monotonic(), True

    def lands(self) -> None:
        self._give_up, self.under_way = None, False

    def abandon(self, reason: str) -> None:
        """Wait no longer. An attempt under way counts at its worst, unless it is settled after all."""
        give_up, self.abandoned = self._give_up, True
        if give_up is not None:
            give_up(reason)
