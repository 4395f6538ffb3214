"""Running code against the real clients, in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def python(code: str, environment: dict[str, str], *, fails: bool = False, timeout_s: float = 120.0) -> str:
    """What the code printed; it must succeed, or fail where that is expected (then what it printed to both)."""
    command = [sys.executable, "-c", code]
    done = run(command, environment, timeout_s=timeout_s)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr if fails else done.stdout


def run(command: list[str], environment: dict[str, str], *, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )
