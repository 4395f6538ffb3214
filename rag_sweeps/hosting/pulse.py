"""A heartbeat beside a running trial: says that the run is alive, and stops it where the server asks to."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.hosting.agent_api import Command

PULSE_SECONDS = 5.0
STOP_SIGNAL = getattr(signal, "SIGUSR1", None)


class RunStoppedError(BaseException):
    """Somebody stopped this run on W&B. No Exception: the trial did not fail, and nothing on the way handles it."""


class Terminated(KeyboardInterrupt):  # like the interrupt it is treated as
    """SIGTERM: the machine is taken away; the same command goes on elsewhere."""


class Pulse:
    """Beats from a thread while its block runs. In the main thread, a stop interrupts the block."""

    def __init__(self, beat: Callable[[], Sequence[Command]]) -> None:
        self._beat, self._done = beat, threading.Event()
        self._thread = threading.Thread(target=self._body, name="pulse", daemon=True)
        self._in_main = threading.current_thread() is threading.main_thread() and STOP_SIGNAL is not None
        self._before: Any = None

    def __enter__(self) -> None:
        if self._in_main and STOP_SIGNAL is not None:
            self._before = signal.signal(STOP_SIGNAL, _stop)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(timeout=PULSE_SECONDS)
        if self._in_main and STOP_SIGNAL is not None:
            signal.signal(STOP_SIGNAL, self._before)

    def _body(self) -> None:
        while not self._done.wait(PULSE_SECONDS):
            try:
                commands = self._beat()
            except RagSweepsError:
                continue  # the trial goes on without the server
            if any(command.kind in ("stop", "exit") for command in commands) and not self._done.is_set():
                if self._in_main and STOP_SIGNAL is not None:
                    os.kill(os.getpid(), STOP_SIGNAL)
                return


def end_on_sigterm() -> None:
    """SIGTERM interrupts like Ctrl-C, so that what is half done is written down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
        signal.signal(signal.SIGINT, _terminate)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Interrupts wait until the block is done: the server has given something out that is not written down yet."""
    _held.active, _held.waiting = True, False
    try:
        yield
    finally:
        _held.active = False
    if _held.waiting:
        raise Terminated


class _Held:
    active = False
    waiting = False


_held = _Held()


def _stop(number: int, frame: FrameType | None) -> None:
    raise RunStoppedError("stopped through W&B")


def _terminate(number: int, frame: FrameType | None) -> None:
    if _held.active:
        _held.waiting = True
        return
    raise Terminated
