"""HTTP requests -> replies of the loopback server: routes, keys, limits, and faults that break the exchange itself."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback.providers import anthropic_api, openai_api
from loopback.providers.exchange import Asked, Said
from loopback.providers.faults import Fault
from loopback.providers.tokens import count_tokens

GATEWAY = b"<html><body>Bad gateway</body></html>"


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Any

    def setup(self) -> None:
        super().setup()
        self.server.opened(self)

    def finish(self) -> None:
        self.server.closed(self)
        with contextlib.suppress(OSError):
            super().finish()

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("content-length", 0))))

    def _serve(self, content: bytes) -> None:
        provider, _, path = self.path.strip("/").partition("/")
        api: Any = anthropic_api if provider == "anthropic" else openai_api
        key = self.server.keys.get(provider)
        sent = (self.headers.get("authorization") or "").removeprefix("Bearer ") or self.headers.get("x-api-key")
        try:
            if key is not None and sent != key:
                self._send(*api.error_body("401", key=sent or ""))
            elif path in ("v1/chat/completions", "v1/messages"):
                self._chat(api, provider, json.loads(content))
            elif path == "v1/embeddings":
                self._embeddings(provider, json.loads(content))
            elif path == "v1/messages/count_tokens":
                asked = anthropic_api.read_message({"max_tokens": 1, **json.loads(content)}, batch=False)
                assert isinstance(asked, Asked)
                self._send(200, {"input_tokens": count_tokens(asked.system) + count_tokens(asked.user)})
            else:
                self._batches(provider, path, content)
        except (AssertionError, KeyError, ValueError, TypeError) as error:
            self._send(*api.error_body("400", message=repr(error)))

    def _chat(self, api: Any, provider: str, body: dict[str, Any]) -> None:
        if api is anthropic_api:
            asked: Asked | str = anthropic_api.read_message(body, batch=False)
        else:
            asked = openai_api.read_chat(body, provider=provider, batch=False)
        if isinstance(asked, str):
            self._send(*api.error_body("400", message=asked))
            return
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in _SECRET}
        asked = replace(asked, headers=headers)
        fault = self._refused(api, asked)
        if fault is _REFUSED:
            return
        said = self.server.exchange.answer(asked, fault)
        make = anthropic_api.message_body if api is anthropic_api else openai_api.chat_body
        self._send_struck(api, make(asked, said), fault)

    def _embeddings(self, provider: str, body: dict[str, Any]) -> None:
        texts = body["input"]
        assert isinstance(texts, list)
        assert all(isinstance(text, str) and text for text in texts), "'$.input' is invalid."
        n_tokens = sum(count_tokens(text) for text in texts)
        asked = Asked(
            provider,
            "embeddings",
            body["model"],
            "",
            texts[0] if texts else "",
            0,
            None,
            False,
            False,
            {"n": len(texts)},
        )
        fault = self._refused(openai_api, asked)
        if fault is _REFUSED:
            return
        if self.server.exchange.latency_s:
            time.sleep(self.server.exchange.latency_s)
        self.server.exchange.write(asked, said=Said("", "stop", n_tokens, 0, 0, 0, 0), fault=fault)
        self._send_struck(openai_api, openai_api.embeddings_body(body, n_tokens), fault)

    def _refused(self, api: Any, asked: Asked) -> Fault | None:
        """Send what is answered without any work, by limit or fault, and say so with _REFUSED."""
        wait = self.server.exchange.wait_s()
        if wait:
            limit = Fault("429")
            self.server.exchange.write(asked, fault=limit, status=429)
            headers = {"retry-after": str(math.ceil(wait)), "retry-after-ms": str(math.ceil(wait * 1000))}
            self._send(*api.error_body("429"), headers=headers)
            return _REFUSED
        fault: Fault | None = self.server.exchange.strike(asked)
        if fault is None:
            return None
        if fault.kind in ("502", "504"):
            self.server.exchange.write(asked, fault=fault, status=int(fault.kind))
            self._send_bytes(int(fault.kind), GATEWAY, {"content-type": "text/html"})
            return _REFUSED
        if fault.kind in api.ERRORS:
            key = self.server.keys.get(asked.provider, "")
            status, body = api.error_body(fault.kind, key=key, message=fault.says)
            self.server.exchange.write(asked, fault=fault, status=status)
            self._send(status, body, headers={"retry-after": fault.retry_after} if fault.retry_after else {})
            return _REFUSED
        return fault

    def _send_struck(self, api: Any, body: dict[str, Any], fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else ""
        if kind == "wrong_types":
            body = api.wrong_types(body)
        if kind == "no_usage":
            del body["usage"]
        if kind == "no_choices":
            body = {name: value for name, value in body.items() if name not in ("choices", "content", "data")}
        content = json.dumps(body).encode()
        if kind == "malformed":
            content = content[: len(content) // 2]
        if kind == "not_json":
            content = GATEWAY
        if kind == "stall" and fault is not None:
            self.server.stopping.wait(fault.seconds)
        if kind in ("cut", "drip") and fault is not None:
            self._break_off(content, fault)
            return
        self._send_bytes(200, content, {"content-type": "text/html" if kind == "not_json" else "application/json"})

    def _break_off(self, content: bytes, fault: Fault) -> None:
        """cut: half of the reply, then nothing. drip: a byte at a time, for so many seconds, then nothing."""
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        until = time.monotonic() + fault.seconds
        for byte in content[: len(content) // 2]:
            self.wfile.write(bytes([byte]))
            if fault.kind == "drip":
                self.wfile.flush()
                if time.monotonic() > until or self.server.stopping.wait(0.1):
                    break
        self.wfile.flush()
        self.close_connection = True
        self.hang_up()

    def _batches(self, provider: str, path: str, content: bytes) -> None:
        batches, parts = self.server.batches, path.split("/")
        asked = Asked(provider, "batches", "", "", path, 0, None, False, False, {})
        api: Any = anthropic_api if provider == "anthropic" else openai_api
        if self.command == "POST" and self._refused(api, asked) is _REFUSED:
            return
        if provider == "openai" and parts[1] == "files":
            if self.command == "POST":
                self._send(200, batches.upload(content, self.headers["content-type"]))
            else:
                self._send_results(batches.file(parts[2]), provider)
        elif provider == "openai" and parts[1:] == ["batches"]:
            self._send(200, batches.create_openai(json.loads(content)))
        elif provider == "anthropic" and parts[1:] == ["messages", "batches"]:
            self._send(200, batches.create_anthropic(json.loads(content)))
        elif provider in ("openai", "anthropic") and "batches" in parts:
            self._one_batch(provider, parts[parts.index("batches") + 1 :])
        else:
            self._send(404, {"error": {"message": f"no such path {path}", "type": "not_found_error"}})

    def _one_batch(self, provider: str, parts: list[str]) -> None:
        batches, batch_id, address = self.server.batches, parts[0], f"http://{self.headers['host']}/anthropic"
        api: Any = anthropic_api if provider == "anthropic" else openai_api
        if not batches.known(batch_id):
            self._send(*api.error_body("404", message=f"no such batch {batch_id}"))
        elif parts[1:] == ["results"]:
            self._send_results(batches.anthropic_results(batch_id), provider)
        elif parts[1:] == ["cancel"] and not batches.cancel(batch_id):
            self._send(*api.error_body("400", message="the batch has ended"))
        elif provider == "anthropic":
            self._send(200, batches.anthropic_state(batch_id, poll=len(parts) == 1, address=address))
        else:
            self._send(200, batches.openai_state(batch_id, poll=len(parts) == 1))

    def _send_results(self, content: bytes, provider: str) -> None:
        fault = self.server.exchange.strike(Asked(provider, "results", "", "", "", 0, None, False, False, {}))
        if fault is not None and fault.kind == "cut":
            self._break_off(content, fault)
        else:
            self._send_bytes(200, content, {"content-type": "application/octet-stream"})

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})

    def _send_bytes(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


_REFUSED = Fault("400")
_SECRET = ("authorization", "x-api-key")
