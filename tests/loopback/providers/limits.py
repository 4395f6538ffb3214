"""A token bucket: so many requests a minute, refilled all the time."""

from __future__ import annotations

import threading
import time


class Bucket:
    """Holds at most `burst`; empty says how long to wait."""

    def __init__(self, *, per_minute: float, burst: float) -> None:
        self._lock = threading.Lock()
        self._rate, self._burst = per_minute / 60.0, burst
        self._level, self._at = burst, time.monotonic()

    def take(self, amount: float = 1.0) -> float:
        """0 and the amount is taken, or the seconds until it will be there and nothing is taken."""
        with self._lock:
            now = time.monotonic()
            self._level = min(self._burst, self._level + (now - self._at) * self._rate)
            self._at = now
            if self._level >= amount:
                self._level -= amount
                return 0.0
            return (amount - self._level) / self._rate
