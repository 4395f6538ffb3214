"""Which requests this process is asking right now, so that two equal ones are one call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock

from rag_sweeps.calling.flight import Flight
from rag_sweeps.calling.limits import POLL_S
from rag_sweeps.records import NoReply


class Asking:
    """One request that is being asked. `no_reply` is set where it ended without a reply; a reply is in the store."""

    def __init__(self, flight: Flight) -> None:
        self.no_reply: NoReply | None = None
        self._flight = flight
        self._ended = Event()

    @property
    def is_abandoned(self) -> bool:
        return self._flight.abandoned

    def end(self) -> None:
        self._ended.set()

    def wait(self, flight: Flight) -> None:
        """Wait until it ended or its reader gave it up."""
        while not self._ended.wait(POLL_S) and not self.is_abandoned:
            flight.check()


class InFlight:
    """Requests by what identifies them. Safe from many threads."""

    def __init__(self) -> None:
        self._asking: dict[tuple[str, str], Asking] = {}
        self._lock = Lock()

    @contextmanager
    def claim(self, store: str, key: str, flight: Flight) -> Iterator[tuple[bool, Asking]]:
        """(whether this call is the one that asks, what is being asked)."""
        name = (store, key)
        with self._lock:
            other = self._asking.get(name)
            mine = other is None or other.is_abandoned
            asking = Asking(flight) if mine or other is None else other
            if mine:
                self._asking[name] = asking
        try:
            yield mine, asking
        finally:
            if mine:
                with self._lock:
                    if self._asking.get(name) is asking:
                        del self._asking[name]
                asking.end()
