"""The exception tree and the exit codes.

RagSweepsError
├── InputError              exit 2: a file, a key or an argument has to change; never retried
├── CapReachedError         exit 3: the next call could pass the sweep's cap; the same command goes on with a higher one
└── TrialError              exit 1: this trial failed, the sweep goes on
    ├── ProviderBusyError       a provider asks to wait; tried again
    └── ProviderFaultError      a provider failed; tried again
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_INPUT = 2
EXIT_CAP = 3
EXIT_INTERRUPTED = 130


class RagSweepsError(Exception):
    """Everything this package raises on purpose; its text is meant for the user."""

    exit_code = EXIT_FAILED


class InputError(RagSweepsError):
    """Something the user wrote has to change: config, golden set, price, key."""

    exit_code = EXIT_INPUT


class TrialError(RagSweepsError):
    """One trial cannot give a result: an embedder, a provider, too many unscored questions."""


class CapReachedError(RagSweepsError):
    """The worst case of the next call does not fit under `budget_usd` any more; nothing was called.

    may_pass: it would fit beside what is spent; calls that are open hold the rest at their worst case.
    """

    exit_code = EXIT_CAP

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class ProviderBusyError(TrialError):
    """429 or overloaded, never billed. retry_after_s: how long it asked to wait, None where it did not say."""

    billed = False

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProviderFaultError(TrialError):
    """A server error, a time limit, a cut connection, a reply that is not what the API promises.

    billed: whether the provider may charge for the attempt. Only a request that surely did no work is False.
    """

    def __init__(self, message: str, *, billed: bool = True) -> None:
        super().__init__(message)
        self.billed = billed


class DamagedCacheWarning(UserWarning):
    """Something stored did not match its checksum and is measured again."""
