"""Pending runs -> W&B, one at a time, without ever waiting long for a server that does not answer.

A send has a time limit of its own, whatever W&B's client does: it runs in a thread that is left behind when it takes
too long. After a failure the next ones only stay pending until a moment has passed, each time twice as long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.tracking.pending import PendingRun
from rag_sweeps.tracking.server import Server, ServerDownError
from rag_sweeps.tracking.upload import upload
from rag_sweeps.tracking.weave_client import await_arrival

SEND_SECONDS = 18.0
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 120.0


class Sender:
    """Sends from one thread at a time. `reach` connects, or raises ServerDownError or InputError."""

    def __init__(self, reach: Callable[[], Server], server: Server | None = None) -> None:
        self._reach, self._server = reach, server
        self._pause_seconds, self._closed_until = 0.0, 0.0

    @property
    def is_paused(self) -> bool:
        return time.monotonic() < self._closed_until

    def send(self, pending: PendingRun, golden: GoldenSet | None = None) -> None:
        """Raises ServerDownError where the run stays pending, InputError where it never will be taken as it is."""
        self.call(lambda server: upload(pending, server, golden), f"take run {pending.place.run_id}")

    def settle(self) -> None:
        """Wait until the traces of what was sent have arrived. Raises ServerDownError."""
        self.call(lambda _: await_arrival(), "take all traces")

    def call(self, body: Callable[[Server], object], what: str) -> None:
        """The same for anything else that is said to the server."""
        if self.is_paused:
            raise ServerDownError("W&B did not answer a moment ago")
        try:
            self._within_limit(body, what)
        except ServerDownError:
            self._server = None
            self._pause_seconds = min(max(2 * self._pause_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._closed_until = time.monotonic() + self._pause_seconds
            raise
        self._pause_seconds = 0.0

    def try_again(self) -> None:
        """Forget the pause: somebody is about to leave, and this is the last chance."""
        self._closed_until = 0.0

    def reconnect(self) -> None:
        """The next call makes a new connection."""
        self._server = None

    def server(self) -> Server:
        """The connection, made anew after a failure."""
        if self._server is None:
            self._server = self._reach()
        return self._server

    def _within_limit(self, body: Callable[[Server], object], what: str) -> None:
        raised: list[BaseException] = []

        def run() -> None:
            try:
                body(self.server())
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=run, name=what, daemon=True)
        thread.start()
        thread.join(SEND_SECONDS)
        if thread.is_alive():
            raise ServerDownError(f"W&B did not {what} within {SEND_SECONDS:.0f} s")
        if raised:
            if isinstance(raised[0], RagSweepsError):
                raise raised[0]
            raise ServerDownError(f"W&B did not {what}: {raised[0]}") from raised[0]
