"""Work that talks to W&B, with a limit of its own: the client may try for minutes, whoever waits for it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from rag_sweeps.errors import RagSweepsError
from rag_sweeps.tracking.server import ServerDownError, translated

Result = TypeVar("Result")


def within(seconds: float, body: Callable[[], Result], *, what: str) -> Result:
    """What the body returns; `what` W&B is asked to do. Raises ServerDownError when it takes longer.

    The body runs in a thread that is left behind then. Its own errors are raised here, W&B's translated.
    """
    results: list[Result] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with translated(what):
                results.append(body())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if not raised:
        raise ServerDownError(f"W&B did not {what} within {seconds:.0f} s")
    if isinstance(raised[0], (RagSweepsError, KeyboardInterrupt)):
        raise raised[0]
    raise ServerDownError(f"W&B did not {what}: {raised[0]}") from raised[0]
