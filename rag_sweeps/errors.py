"""The exception tree and the exit codes.

RagSweepsError
├── InputError    exit 2: a file, a key or an argument has to change; never retried
└── TrialError    exit 1: this trial failed, the sweep goes on
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


class DamagedCacheWarning(UserWarning):
    """Something stored did not match its checksum and is measured again."""
