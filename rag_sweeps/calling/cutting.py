"""A text -> the part of it that an embedding model takes.

OpenAI's embedding models take 8,191 tokens of cl100k_base. Every token is at least one byte of UTF-8, so a text of no
more bytes is never too long, and no tokenizer is loaded for it. For a longer one the encoding is used if it is on this
machine; it is not downloaded, since that may hang. Without it 8,191 bytes are kept, which is less than the model takes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

OPENAI_MAX_TOKENS = 8191
ENCODING = "cl100k_base"
ENCODING_ADDRESS = f"https://openaipublic.blob.core.windows.net/encodings/{ENCODING}.tiktoken"


def max_tokens(model: str) -> int | None:
    """The most tokens of one text; None where only the server knows, which then cuts or refuses for itself."""
    return OPENAI_MAX_TOKENS if model.startswith("openai:") else None


def cut(text: str, limit: int | None) -> str:
    """The longest beginning that surely has no more tokens than the limit."""
    if limit is None or len(text) * 4 <= limit or len(_bytes(text)) <= limit:
        return text
    encoding = _encoding()
    if encoding is None:
        return _whole_characters(_bytes(text)[:limit])
    tokens = encoding.encode_ordinary(text)
    return text if len(tokens) <= limit else _whole_characters(encoding.decode_bytes(tokens[:limit]))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _whole_characters(content: bytes) -> str:
    """A character that was cut through is left out."""
    return content.decode("utf-8", "ignore")


@cache
def _encoding() -> Any:  # tiktoken has no types
    name = hashlib.sha1(ENCODING_ADDRESS.encode(), usedforsecurity=False).hexdigest()  # as tiktoken names its files
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    if not (Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache") / name).is_file():
        return None
    import tiktoken

    return tiktoken.get_encoding(ENCODING)
