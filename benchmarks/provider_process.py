"""The loopback server of all providers in a process of its own, so that it takes no time from who asks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"


@contextmanager
def provider_process(*, latency_s: float) -> Iterator[None]:
    """While it runs, the SDKs of this process are pointed at it by their environment variables."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(latency_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    before = dict(os.environ)
    try:
        os.environ.update(json.loads(process.stdout.readline()))
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        process.kill()
        process.communicate(timeout=60)


def serve(latency_s: float) -> None:
    """Until the other end closes its pipe."""
    sys.path.insert(0, str(TESTS))
    from loopback.providers.server import ProviderServer

    with ProviderServer(latency_s=latency_s) as server:
        print(json.dumps(server.environment()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    serve(float(sys.argv[1]))
