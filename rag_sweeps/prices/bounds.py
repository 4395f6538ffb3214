"""A request -> the most tokens a provider can count in it, without its tokenizer.

Every tokenizer in use is over bytes: a token stands for at least one byte of UTF-8. What a provider puts around a
message (roles, separators, the instructions that go with a schema) is not in the request and is allowed for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag_sweeps.records import ChatRequest

FRAME_TOKENS = 64
"""Roles and separators of a system and a user message; providers count about ten."""

SCHEMA_TOKENS = 1024
"""Instructions that a provider adds where a reply has to follow a schema or a tool; it may be 700 of them."""

TEXT_FRAME_TOKENS = 8
"""Marks that an embedding model puts around one text."""


def request_input_tokens(request: ChatRequest) -> int:
    """No provider counts more input tokens than this."""
    n_bytes = _count_bytes(request.system) + _count_bytes(request.user)
    if request.schema is None:
        return n_bytes + FRAME_TOKENS
    # With ASCII escapes and indents: at least as long as any form in which a provider may show it to its model.
    return n_bytes + len(json.dumps(request.schema, indent=4)) + FRAME_TOKENS + SCHEMA_TOKENS


def embedding_input_tokens(texts: Sequence[str]) -> int:
    """No provider counts more tokens than this in these texts."""
    return sum(_count_bytes(text) + TEXT_FRAME_TOKENS for text in texts)


def _count_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
