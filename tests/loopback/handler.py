"""One HTTP request -> its answer: faults first, then who asks, then what is asked."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import time
import traceback
import zlib
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import files, weave
from .graphql import RefusedError, UnansweredError, execute, operation_name
from .operations import mutations, queries
from .run_writes import file_stream
from .runs import find_run

if TYPE_CHECKING:
    from .server import LoopbackServer

OPEN_PATHS = ("/storage/", "/sdk/otel/", "/server_info", "/healthz")
"""What needs no key: URLs that were handed out, and telemetry."""


class Handler(BaseHTTPRequestHandler):
    """Bound to its `owner` by the server that starts it."""

    owner: LoopbackServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def setup(self) -> None:
        super().setup()
        self.owner.opened(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.owner.closed(self.connection)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError, ValueError):
            super().handle()

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def _serve(self) -> None:
        body = self._body()
        path = urlsplit(self.path).path
        sent = self._json(body) if path == "/graphql" else None
        name = operation_name(sent.get("query", "")) if sent else path
        fault = self.owner.faults.take(f"{path} {name}")
        self.owner.log(self.command, name, fault.kind if fault else None)
        if fault and fault.kind == "stall":
            time.sleep(fault.seconds)
        elif fault and fault.kind == "refuse":
            return self._cut()
        elif fault and fault.kind == "unavailable":
            return self._send(503, {"error": "service unavailable"})
        elif fault and fault.kind == "error":
            return self._send(fault.status, {"errors": [{"message": "internal server error"}]})
        elif fault and fault.kind == "rate_limit":
            wait = {"Retry-After": str(max(1, round(fault.seconds)))}
            return self._send(429, {"error": "rate limit exceeded"}, headers=wait)
        status, answer, content_type = self._answer(path, body, sent)
        if fault and fault.kind == "lose_response":
            return self._cut()
        return self._send(status, answer, content_type=content_type)

    def _answer(self, path: str, body: bytes, sent: Any) -> tuple[int, Any, str]:
        name = operation_name(sent.get("query", "")) if sent else f"{self.command} {path}"
        try:
            if not path.startswith(OPEN_PATHS) and not self._authorized():
                raise RefusedError(401, "user is not logged in")
            if path == "/graphql":
                return 200, self._graphql(sent), "application/json"
            return self._other(path, body)
        except RefusedError as problem:
            answer = {"errors": [{"message": str(problem), "path": [name]}], "data": None, "error": str(problem)}
            return problem.status, answer, "application/json"
        except UnansweredError as problem:
            message = f"the loopback server does not answer {problem}"
        except Exception as problem:
            message = f"the loopback server failed at {name}: {problem!r}"
            self.owner.problems.append(traceback.format_exc())
        self.owner.problems.append(message)
        return 400, {"errors": [{"message": message}], "error": message}, "application/json"

    def _graphql(self, sent: Any) -> dict[str, Any]:
        state = self.owner.state
        with state.lock:
            state.expire()
            roots = {"queries": queries(state, self.owner.url), "mutations": mutations(state, self.owner.url)}
            return {"data": execute(sent["query"], sent.get("variables") or {}, **roots)}

    def _other(self, path: str, body: bytes) -> tuple[int, Any, str]:
        state = self.owner.state
        if path.startswith("/storage/"):
            return self._storage(path.removeprefix("/storage/"), body)
        if path.startswith(("/artifactsV2/", "/artifacts/")):
            return 200, files.artifact_file(state, path), "application/octet-stream"
        if path.endswith("/file_stream"):
            entity, project, run_id = path.split("/")[2:5]
            with state.lock:
                return 200, file_stream(find_run(state, entity, project, run_id), self._json(body)), "application/json"
        if path.startswith("/sdk/otel/") or path == "/healthz":
            return 200, {}, "application/json"
        with state.lock:
            return weave.answer(self.owner.weave, self.command, path, self.headers.get("Content-Type", ""), body)

    def _storage(self, path: str, body: bytes) -> tuple[int, Any, str]:
        state = self.owner.state
        with state.lock:
            if self.command == "PUT":
                files.upload(state, path, body)
                return 200, b"", "text/plain"
            return 200, files.download(state, path), "application/octet-stream"

    def _authorized(self) -> bool:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            with contextlib.suppress(ValueError):
                value = base64.b64decode(value).decode().partition(":")[2]
        return value == self.owner.api_key

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        coding = self.headers.get("Content-Encoding", "")
        if coding == "gzip":
            return gzip.decompress(body)
        return zlib.decompress(body) if coding == "deflate" else body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _json(self, body: bytes) -> Any:
        return json.loads(body) if body else {}

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(
        self, status: int, answer: Any, *, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
