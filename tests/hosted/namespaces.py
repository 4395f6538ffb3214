"""Two network namespaces on a bridge of this machine, as two machines would be on one network."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

BRIDGE, ADDRESS = "rsw-bridge", "10.77.41.1"
NAMES = ("rsw-one", "rsw-two")


def are_possible() -> bool:
    """Whether this process may make network namespaces."""
    if shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", "rsw-probe"], capture_output=True, timeout=20)
    if made.returncode:
        return False
    _ip("netns", "del", "rsw-probe")
    return True


@contextmanager
def two_namespaces() -> Iterator[tuple[str, ...]]:
    """Names of namespaces that reach ADDRESS of this one and nothing else."""
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{ADDRESS}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for number, name in enumerate(NAMES, start=2):
            outside, inside = f"{name}-o", f"{name}-i"
            _ip("netns", "add", name)
            _ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            _ip("link", "set", inside, "netns", name)
            _ip("link", "set", outside, "master", BRIDGE)
            _ip("link", "set", outside, "up")
            _ip("-n", name, "addr", "add", f"10.77.41.{number}/24", "dev", inside)
            _ip("-n", name, "link", "set", inside, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield NAMES
    finally:
        for name in NAMES:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=20)
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True, timeout=20)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)
