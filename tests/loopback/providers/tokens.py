"""Texts -> token counts and vectors that never change: the loopback server's model of a model."""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache


def count_tokens(text: str) -> int:
    """1.3 a word, rounded up; never more than the bytes of the text in UTF-8."""
    return min(math.ceil(1.3 * len(text.split())), len(text.encode("utf-8", "replace")))


def cut(text: str, n_tokens: int) -> str:
    """The longest run of whole words from the start that has at most so many tokens."""
    words = re.findall(r"\s*\S+", text)
    while words and count_tokens("".join(words)) > n_tokens:
        words.pop()
    return "".join(words)


@lru_cache(maxsize=65536)
def _direction(word: str, width: int) -> tuple[int, float]:
    digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:4], "big") % width, 1.0 if digest[4] % 2 else -1.0


def embed(text: str, width: int) -> list[float]:
    """A vector of length 1 from the words: texts that share words are close."""
    vector = [0.0] * width
    for word in re.findall(r"\w+", text.lower()) or [text]:
        place, sign = _direction(word, width)
        vector[place] += sign
    length = math.sqrt(sum(value * value for value in vector))
    if not length:
        return [1.0, *[0.0] * (width - 1)]
    return [value / length for value in vector]
