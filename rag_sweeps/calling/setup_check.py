"""Outcomes -> whether anything works at all: a wrong setup shall not burn an hour of retries."""

from __future__ import annotations

from rag_sweeps.errors import TrialError
from rag_sweeps.records import Completion, NoReply

N_FAILURES = 20


class SetupCheck:
    """In doubt once 20 different calls went without a reply and none had one; the first reply ends all doubt.

    While in doubt no new call is started; those in flight may still end it.
    """

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}
        self._has_replies = False

    @property
    def is_in_doubt(self) -> bool:
        return len(self._failed) >= N_FAILURES

    def note(self, key: str, outcome: Completion | NoReply) -> None:
        """One call ended; equal requests are one."""
        if isinstance(outcome, Completion):
            self._has_replies = True
            self._failed.clear()
        elif not self._has_replies:
            self._failed[key] = outcome.reason

    def raise_where_nothing_works(self) -> None:
        """Raises TrialError while in doubt; to be called when nothing is in flight."""
        if self.is_in_doubt:
            reason = list(self._failed.values())[-1]
            raise TrialError(f"none of the first {len(self._failed)} calls had a reply; the last one: {reason}")
