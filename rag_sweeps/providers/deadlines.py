"""A time limit -> settings of an HTTP client that hold for a whole attempt. Imported where a client is opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2

CONNECT_TIMEOUT_S = 10.0
MAX_CONNECTIONS = 512
"""As many as `concurrency` can ask for; each may be kept alive."""


def timeout(timeout_s: float) -> httpx2.Timeout:
    """Of each wait; connecting has a shorter one."""
    return httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))


def client_settings(timeout_s: float) -> dict[str, Any]:
    """Keyword arguments of `httpx2.Client`."""

    def begin(request: httpx2.Request) -> None:
        request.extensions["ends"] = time.monotonic() + timeout_s

    def bound(response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Bounded(response.stream, response.request)

    return {
        "timeout": timeout(timeout_s),
        "limits": httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        "event_hooks": {"request": [begin], "response": [bound]},
    }


class _Bounded(httpx2.SyncByteStream):
    """The HTTP client's own limit starts anew with every piece: a body that drips would never end."""

    def __init__(self, stream: httpx2.SyncByteStream, request: httpx2.Request) -> None:
        self._stream, self._request = stream, request

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._request.extensions["ends"]:
                raise httpx2.ReadTimeout("the reply did not end in time", request=self._request)
            yield piece

    def close(self) -> None:
        self._stream.close()
