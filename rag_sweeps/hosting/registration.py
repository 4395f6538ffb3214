"""An agent as the server knows it: registered when first needed, asked for trials until there is one or no more."""

from __future__ import annotations

import time

from rag_sweeps.errors import InputError
from rag_sweeps.hosting.agent_api import Command, heartbeat, register_agent
from rag_sweeps.hosting.hosted_log import Taken, take_asked, take_waiting
from rag_sweeps.hosting.identities import Identity, keep, orphan
from rag_sweeps.hosting.pulse import interrupts_held
from rag_sweeps.hosting.work import Work
from rag_sweeps.tracking.server import ServerDownError

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.1, 2.0
OUTAGE_SECONDS = 30.0
"""How long a worker asks a server that does not answer for its next trial."""


class Registration:
    """This worker as the server knows it; made when first needed, and anew after an outage."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._identity: Identity | None = None

    def beat(self, *running: str) -> list[Command]:
        """Raises ServerDownError and InputError."""
        work, server = self._work, self._work.sender.server()
        self._identity = self._identity or orphan(work.log)
        if self._identity is not None:
            try:
                return heartbeat(self._identity.agent, running, work.hosted, server)
            except InputError:
                self.end()  # a server forgets agents; where the sweep itself is gone, it says so below
        self._identity = keep(work.log, register_agent(work.hosted, server))
        return heartbeat(self._identity.agent, running, work.hosted, server)

    def end(self) -> None:
        """Nothing of this agent is left undone."""
        if self._identity is not None:
            self._identity.forget()
            self._identity = None

    def _continues_another(self) -> bool:
        """Whether a second agent died on this machine: what the server gave it comes to light when it is heard of."""
        found = orphan(self._work.log)
        if found is not None:
            self.end()
            self._identity = found
        return found is not None

    def next_trial(self) -> Taken | None:
        """Asks until there is one; None when the server says that there are no more."""
        work, pause, last_answer = self._work, FIRST_POLL_SECONDS, time.monotonic()
        while True:
            try:
                with interrupts_held():
                    taken, is_over = self._ask()
                last_answer = time.monotonic()
                if taken is not None or (is_over and not self._continues_another()):
                    return taken
            except ServerDownError:
                work.sender.reconnect()
                if time.monotonic() - last_answer > OUTAGE_SECONDS:
                    raise
            # Another worker on this machine may have died and left its trial.
            waiting = take_waiting(work.hosted, work.log)
            if waiting is not None:
                return waiting
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL_SECONDS)

    def _ask(self) -> tuple[Taken | None, bool]:
        """The trial that the server gives out, if it does, and whether it has no more."""
        work = self._work
        for command in self.beat():
            if command.kind == "exit":
                return None, True
            if command.kind in ("run", "resume"):
                taken = take_asked(work.sweep, work.hosted, work.log, command.run_id, command.values or {})
                if taken is not None:
                    return taken, False
        return None, False
