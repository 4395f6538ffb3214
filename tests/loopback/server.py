"""A W&B and Weave server on one loopback port, for tests that run the real clients.

with LoopbackServer() as server:
    subprocess.run([...], env={**os.environ, **server.environment()})
    assert server.runs["ab12"].summary["mrr@10"] == ...
    assert server.problems == []
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any, Self

from .artifact_state import Artifact, Collection
from .faults import Faults
from .handler import Handler
from .state import ENTITY, Report, Run, State, Sweep
from .weave_state import Call, Object, WeaveState

API_KEY = "loopback0" + "0" * 31


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the log: `name` is the GraphQL operation or the path."""

    method: str
    name: str
    time_s: float
    fault: str | None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that the client cut is no news."""


class LoopbackServer:
    """Listens from construction on; `heartbeat_timeout_s` is how long a silent run counts as alive.

    host: an address of this machine, which may be one that only its own network namespaces reach.
    """

    def __init__(self, *, heartbeat_timeout_s: float = 120.0, host: str = "127.0.0.1") -> None:
        self._host = host
        self.api_key = API_KEY
        self.state = State(heartbeat_timeout_s=heartbeat_timeout_s)
        self.weave = WeaveState()
        self.faults = Faults()
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self._connections: set[socket.socket] = set()
        self._http: _Server | None = None
        self._port = 0
        self.start_listening()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    def start_listening(self) -> None:
        """Listen; the second time on the port of the first."""
        if self._http is not None:
            return
        handler = type("BoundHandler", (Handler,), {"owner": self})
        self._http = _Server((self._host, self._port), handler)
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop_listening(self) -> None:
        """Refuse connections and cut those that are open; what was sent so far stays."""
        if self._http is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._http = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop_listening()

    def environment(self) -> dict[str, str]:
        """What a client needs to find this server, and to stay quiet and bounded."""
        return {
            "WANDB_BASE_URL": self.url,
            "WANDB_API_KEY": self.api_key,
            "WANDB_ENTITY": ENTITY,
            "WANDB_MODE": "online",
            "WANDB_SILENT": "true",
            "WANDB_CONSOLE": "off",
            "WANDB_DISABLE_GIT": "true",
            "WANDB_DISABLE_CODE": "true",
            "WANDB_INIT_TIMEOUT": "60",
            "WF_TRACE_SERVER_URL": self.url,
            "WEAVE_PRINT_CALL_LINK": "false",
            "WANDB_ERROR_REPORTING": "false",
        }

    @property
    def runs(self) -> dict[str, Run]:
        with self.state.lock:
            self.state.expire()
            return {run.id: run for run in self.state.runs()}

    @property
    def sweeps(self) -> dict[str, Sweep]:
        with self.state.lock:
            self.state.expire()
            return {name: sweep for project in self.state.projects.values() for name, sweep in project.sweeps.items()}

    @property
    def artifacts(self) -> dict[str, Collection]:
        """Collections by name; those of a registry too."""
        with self.state.lock:
            return {collection.name: collection for collection in self.state.collections()}

    @property
    def reports(self) -> list[Report]:
        with self.state.lock:
            return [report for project in self.state.projects.values() for report in project.reports.values()]

    @property
    def registry(self) -> list[tuple[str, str, Artifact]]:
        """Links in the order they were made: collection, alias, artifact."""
        return list(self.state.registry)

    @property
    def calls(self) -> list[Call]:
        """Weave's calls, in the order they started."""
        with self.state.lock:
            kept = [call for call in self.weave.calls.values() if not call.deleted]
            return sorted(kept, key=lambda call: call.started_at)

    @property
    def objects(self) -> list[Object]:
        with self.state.lock:
            return list(self.weave.objects)

    def log(self, method: str, name: str, fault: str | None) -> None:
        self.requests.append(Request(method, name, time.monotonic(), fault))

    def opened(self, connection: socket.socket) -> None:
        self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
