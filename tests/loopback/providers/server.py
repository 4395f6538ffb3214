"""An HTTP server on the loopback that speaks OpenAI, Anthropic and OpenAI-compatible, with faults and a bill."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from types import TracebackType

from loopback.providers.batches import Batches
from loopback.providers.exchange import Exchange
from loopback.providers.faults import Faults
from loopback.providers.handling import Handler
from loopback.providers.limits import Bucket
from loopback.providers.seen import Billed, Seen, bill_usd, billed_tokens

OPENAI_KEY = "sk-proj-loopback0000000000000000000000000000000000"
ANTHROPIC_KEY = "sk-ant-loopback0000000000000000000000000000000000"


def echo(model: str, system: str, user: str) -> str:
    return f"{model} was asked {len(user)} characters"


class ProviderServer:
    """`with ProviderServer(reply=…) as server:`; reply(model, system, user) is what every model says."""

    def __init__(self, reply: Callable[[str, str, str], str] = echo, *, latency_s: float = 0.0) -> None:
        self.exchange = Exchange(reply, latency_s=latency_s)
        self.batches = Batches(self.exchange)
        self._http = _Http(("127.0.0.1", 0), Handler)
        self._http.exchange, self._http.batches = self.exchange, self.batches
        self._http.keys = {"openai": OPENAI_KEY, "anthropic": ANTHROPIC_KEY}
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> ProviderServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every connection and every stall; again is no error."""
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.cut_all()
        self._thread.join(timeout=60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/openai/v1"

    @property
    def anthropic_url(self) -> str:
        return f"{self.url}/anthropic"

    @property
    def compatible_url(self) -> str:
        """Takes any key."""
        return f"{self.url}/compatible/v1"

    def environment(self) -> dict[str, str]:
        return {
            "OPENAI_BASE_URL": self.openai_url,
            "OPENAI_API_KEY": OPENAI_KEY,
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "ANTHROPIC_API_KEY": ANTHROPIC_KEY,
        }

    @property
    def faults(self) -> Faults:
        return self.exchange.faults

    @property
    def log(self) -> list[Seen]:
        """Every request so far, in the order of the answers; an entry of a batch when the batch has ended."""
        return self.exchange.log.all()

    def accept(self, provider: str, key: str) -> None:
        """Take this key of openai or anthropic, and no other."""
        self._http.keys[provider] = key

    def limit(self, *, requests_per_minute: float, burst: int | None = None) -> None:
        """More get 429 with Retry-After. burst: how many may come at once, by default a second's worth."""
        most = burst if burst is not None else max(1, round(requests_per_minute / 60))
        self.exchange.bucket = Bucket(per_minute=requests_per_minute, burst=most)

    def billed(self, *, batch: bool = False) -> dict[str, Billed]:
        """model -> sums of what it would be billed for."""
        return billed_tokens(self.log, batch=batch)

    def usd(self, prices: Mapping[str, Mapping[str, float]]) -> float:
        """The bill; prices: model -> dollars for a million tokens of input, cached, cache_write, output."""
        return bill_usd(self.log, prices)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    exchange: Exchange
    batches: Batches
    keys: dict[str, str]

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        self.stopping = threading.Event()
        self._open: set[Handler] = set()
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def opened(self, handler: Handler) -> None:
        with self._lock:
            self._open.add(handler)

    def closed(self, handler: Handler) -> None:
        with self._lock:
            self._open.discard(handler)

    def cut_all(self) -> None:
        """End the connections that clients keep alive, so that their threads end."""
        with self._lock:
            for handler in self._open:
                handler.hang_up()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""
