"""Text -> where words begin and end, and how many there are; also for scripts that write no spaces."""

from __future__ import annotations

import re
import unicodedata

UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Kana and Han characters: each counts as a word, with a boundary on both sides."""


def count_words(text: str) -> int:
    """Pieces between white space; in Chinese and Japanese, characters."""
    if text.isascii():
        return len(text.split())
    spaced, n_unspaced = UNSPACED.subn(" ", text)
    return len(spaced.split()) + n_unspaced


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] (not empty) begins and ends no word in its middle: `cat` does not, in `concatenate`."""
    if start > 0 and _joined(text[start - 1], text[start]):
        return False
    return end >= len(text) or not _joined(text[end - 1], text[end])


def _joined(before: str, after: str) -> bool:
    """Whether two neighbouring characters belong to one word; a combining mark is part of the one it stands in."""
    return _inside_word(before) and _inside_word(after)


def _inside_word(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char == "_"
    return unicodedata.category(char)[0] in "LMN" and not UNSPACED.match(char)
