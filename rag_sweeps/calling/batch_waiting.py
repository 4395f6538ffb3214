"""Batches -> their end: waits for it, for another worker, for a provider that stumbles; all of them bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from filelock import FileLock, Timeout

from rag_sweeps.calling.limits import MAX_WAIT_S, Limits
from rag_sweeps.errors import ProviderBusyError, ProviderFaultError, TrialError
from rag_sweeps.protocols import BatchModel, BatchState

MAX_POLL_S = 60.0
POLL_GROWTH = 1.5

MAX_BATCH_S = 26 * 3600.0
"""Providers answer or expire a batch within 24 hours."""

T = TypeVar("T")


def wait_for_end(model: BatchModel, batch_id: str, limits: Limits, *, first_poll_s: float) -> BatchState:
    """`ended` or `failed`. Raises TrialError for a batch that never ends."""
    until = time.monotonic() + MAX_BATCH_S
    poll_s = first_poll_s
    while time.monotonic() < until:
        state = ask_patiently(lambda: model.state(batch_id), limits, key=batch_id, may_cost=False)
        if state != "running":
            return state
        time.sleep(poll_s)
        poll_s = min(poll_s * POLL_GROWTH, MAX_POLL_S)
    raise TrialError(f"batch {batch_id} has not ended in {MAX_BATCH_S / 3600:.0f} h; the same command looks again")


def ask_patiently(ask: Callable[[], T], limits: Limits, *, key: str, may_cost: bool) -> T:
    """Ask again while the provider is busy or fails; not after a failure that may be billed, where asking costs."""
    n_failed = 0
    while True:
        try:
            return ask()
        except (ProviderBusyError, ProviderFaultError) as error:
            n_failed += 1
            wait_s = getattr(error, "retry_after_s", None) or limits.backoff_s(key, n_failed)
            is_billed = may_cost and bool(getattr(error, "billed", False))
            if is_billed or n_failed >= limits.attempts or wait_s > MAX_WAIT_S:
                raise
            time.sleep(wait_s)


@contextmanager
def wait_for_lock(lock: FileLock, *, timeout_s: float = MAX_BATCH_S) -> Iterator[None]:
    """Hold the lock. Raises TrialError where another worker does not let go of it."""
    try:
        lock.acquire(timeout=timeout_s, poll_interval=0.2)
    except Timeout as error:
        raise TrialError(f"another worker has held {lock.lock_file} for {timeout_s:.0f} s") from error
    try:
        yield
    finally:
        lock.release()
