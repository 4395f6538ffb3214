"""W&B's entity and project -> Weave's client: no prompt, no patching of provider SDKs, every wait with a limit."""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from rag_sweeps.errors import TrialError
from rag_sweeps.store.files import home
from rag_sweeps.tracking.server import ServerDownError

if TYPE_CHECKING:
    from weave.trace.weave_client import WeaveClient

ARRIVAL_SECONDS, POLL_SECONDS = 15.0, 0.02

LIMITS = {
    "WEAVE_PRINT_CALL_LINK": "false",
    "WEAVE_LOG_LEVEL": "CRITICAL",
    "WEAVE_HTTP_TIMEOUT": "8",
    "WEAVE_RETRY_MAX_ATTEMPTS": "2",
    "WEAVE_CAPTURE_CODE": "false",
    # Weave would trace every call of a patched SDK by itself: twice, and with texts that may not leave the machine.
    "WEAVE_IMPLICITLY_PATCH_INTEGRATIONS": "false",
}


def is_traced() -> bool:
    """Whether calls go to Weave: logged in they do, unless WEAVE_DISABLED says otherwise."""
    return os.environ.get("WEAVE_DISABLED", "").lower() not in ("true", "1", "yes")


@cache
def open_weave(project: str, api_key: str | None) -> WeaveClient:
    """The client of `entity/project`, started once per process. Raises ServerDownError where Weave does not answer."""
    for name, value in LIMITS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("WEAVE_SERVER_CACHE_DIR", str(home() / "weave"))
    if api_key:
        # A key that `wandb login` put elsewhere is not found by Weave, which would ask for one.
        os.environ.setdefault("WANDB_API_KEY", api_key)
    import weave

    try:
        return weave.init(project)
    except TrialError:
        raise
    except Exception as error:  # requests, its own and W&B's errors; which ones is not documented
        raise ServerDownError(f"Weave cannot be reached for {project}: {type(error).__name__}: {error}") from error


def await_arrival() -> None:
    """Wait until what was logged has left this process. Raises ServerDownError after ARRIVAL_SECONDS.

    Weave's own flush ends and restarts its senders, each of which may sleep for a second.
    """
    weave = sys.modules.get("weave")
    client = weave.get_client() if weave is not None else None
    until = time.monotonic() + ARRIVAL_SECONDS
    while client is not None and client.num_outstanding_jobs:
        if time.monotonic() > until:
            raise ServerDownError(f"Weave did not take all calls within {ARRIVAL_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
