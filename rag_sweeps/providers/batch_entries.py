"""Lines of a batch's result file -> outcomes: one that cannot be read costs one call, not the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rag_sweeps.errors import ProviderFaultError
from rag_sweeps.providers.bodies import Body, parse_body
from rag_sweeps.providers.endpoints import Endpoint
from rag_sweeps.providers.translation import quoted
from rag_sweeps.records import Completion, NoReply

LONGEST_TRANSFER_S = 600.0
"""A file of many requests takes longer than the limit of one call."""


def parse_lines(content: bytes, source: str) -> Iterator[Body]:
    """JSON lines; only a line feed ends one, whatever else a text may hold."""
    for line in content.split(b"\n"):
        if line.strip():
            yield parse_body(line, source)


def outcome(read: Callable[[], Completion | NoReply]) -> Completion | NoReply:
    try:
        return read()
    except ProviderFaultError as error:
        return NoReply(str(error))


def reason_of(error: Body, endpoint: Endpoint) -> str:
    """`batch_expired: …` from an error object of either API."""
    kind = error.text_or_none("code") or error.text_or_none("type") or "error"
    message = error.text_or_none("message")
    return quoted(f"{kind}: {message}" if message else kind, endpoint)
