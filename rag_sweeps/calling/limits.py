"""What bounds the calls to a provider: how many at once, how many a minute, how long, how often."""

from __future__ import annotations

import random
from dataclasses import dataclass

MAX_WAIT_S = 300.0
"""A provider that asks for a longer pause, or refuses for longer, does not answer the call."""

GRACE_S = 2.0
"""How long calls in flight may still end when the one who reads their replies stops."""

POLL_S = 0.25
"""How long any wait sleeps before it looks whether it is still wanted."""

MAX_BACKOFF_S = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """concurrency: calls in flight; per minute: None for no limit; timeout_s: of one attempt; attempts: of one call.

    first_wait_s: before the second attempt; each further wait is twice as long.
    """

    concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    timeout_s: float
    attempts: int
    first_wait_s: float = 0.5

    @property
    def overdue_s(self) -> float:
        """An attempt that is under way for so long has outlived its own time limit: it hangs."""
        return 2 * self.timeout_s + 5.0

    def backoff_s(self, key: str, n_failed: int) -> float:
        """The wait after the n-th failure of a call, between half and the whole of first_wait_s * 2^(n - 1)."""
        whole = min(self.first_wait_s * 2.0 ** (n_failed - 1), MAX_BACKOFF_S)
        return whole * random.Random(f"{key}:{n_failed}").uniform(0.5, 1.0)
