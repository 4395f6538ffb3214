"""What every API of the loopback server shares: one model call, counted, cached, cut, or struck by a fault."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loopback.providers.faults import FREE, Fault, Faults
from loopback.providers.limits import Bucket
from loopback.providers.seen import Log, Seen
from loopback.providers.tokens import count_tokens, cut

REASONING_TOKENS = {"minimal": 8, "low": 16, "medium": 32, "high": 64}
"""By effort; they are among the output tokens, as both providers count them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request of either API."""

    provider: str
    endpoint: str
    model: str
    system: str
    user: str
    max_tokens: int
    effort: str | None
    marks_cache: bool
    """Anthropic writes to its cache where it is told to; OpenAI does without being asked, and for nothing."""
    batch: bool
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer before it is put into the words of an API. finish: stop, length, refusal, content_filter."""

    text: str
    finish: str
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int


class Exchange:
    """The model behind all APIs. Safe from many threads."""

    def __init__(self, reply: Callable[[str, str, str], str], *, latency_s: float) -> None:
        self.reply, self.latency_s = reply, latency_s
        self.log, self.faults = Log(), Faults()
        self.bucket: Bucket | None = None
        self._lock = threading.Lock()
        self._cached: set[tuple[str, str, str]] = set()

    def wait_s(self) -> float:
        """0, or the seconds until the next request may come."""
        return self.bucket.take() if self.bucket is not None else 0.0

    def strike(self, asked: Asked) -> Fault | None:
        return self.faults.next(endpoint=asked.endpoint, model=asked.model, text=asked.user, batch=asked.batch)

    def answer(self, asked: Asked, fault: Fault | None) -> Said:
        """Let the model work, and write down what it is billed for."""
        if self.latency_s and not asked.batch:
            time.sleep(self.latency_s)
        text, finish = self.reply(asked.model, asked.system, asked.user), "stop"
        if fault is not None and fault.kind in ("refusal", "content_filter", "empty"):
            text, finish = "", {"empty": "stop"}.get(fault.kind, fault.kind)
        reasoning = min(REASONING_TOKENS.get(asked.effort or "", 0), asked.max_tokens)
        room = asked.max_tokens - reasoning
        if fault is not None and fault.kind == "length":
            room = min(room, max(count_tokens(text) - 2, 0))
        if count_tokens(text) > room:
            text, finish = cut(text, room), "length"
        n_system = count_tokens(asked.system)
        known = self._is_cached(asked)
        said = Said(
            text,
            finish,
            input_tokens=n_system + count_tokens(asked.user),
            cached_tokens=n_system if known else 0,
            cache_write_tokens=n_system if asked.marks_cache and not known else 0,
            output_tokens=count_tokens(text) + reasoning,
            reasoning_tokens=reasoning,
        )
        self.write(asked, said=said, fault=fault)
        return said

    def write(self, asked: Asked, *, said: Said | None = None, fault: Fault | None = None, status: int = 200) -> None:
        """Add a line to the log; billed where the model has worked."""
        self.log.add(
            Seen(
                time.time(),
                asked.provider,
                asked.endpoint,
                asked.model,
                asked.system,
                asked.user,
                input_tokens=said.input_tokens if said else 0,
                cached_tokens=said.cached_tokens if said else 0,
                cache_write_tokens=said.cache_write_tokens if said else 0,
                output_tokens=said.output_tokens if said else 0,
                reasoning_tokens=said.reasoning_tokens if said else 0,
                batch=asked.batch,
                status=status,
                billed=said is not None and (fault is None or fault.kind not in FREE),
                fault=fault.kind if fault else "",
                body=asked.body,
                headers=asked.headers,
            )
        )

    def _is_cached(self, asked: Asked) -> bool:
        """Whether the system text was seen before; from now on it was."""
        if not asked.system or (asked.provider == "anthropic" and not asked.marks_cache):
            return False
        key = (asked.provider, asked.model, asked.system)
        with self._lock:
            known = key in self._cached
            self._cached.add(key)
        return known
