"""Running code against the real clients, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def python(code: str, environment: dict[str, str], *, fails: bool = False, timeout_s: float = 120.0) -> str:
    """What the code printed; it must succeed, or fail where that is expected (then what it printed to both)."""
    command = [sys.executable, "-c", code]
    done = run(command, environment, timeout_s=timeout_s)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr if fails else done.stdout


def result_of(printed: str) -> Any:
    """The JSON object that the code printed, among what the clients print."""
    return json.loads(next(line for line in reversed(printed.splitlines()) if line.startswith("{")))


def run(
    command: list[str], environment: dict[str, str], *, timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )
