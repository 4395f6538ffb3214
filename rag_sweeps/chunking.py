"""Documents -> ChunkTable: where chunks begin and end, exact by construction.

A document is tokenised once. Every token start is a possible border with a strength; a chunker only decides the
strengths, and one packing loop makes chunks of any size from them. Nothing is ever located by searching for text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag_sweeps.records import ChunkTable, Document, Ints
from rag_sweeps.tokenization import Tokens, tokenize

Strengths = npt.NDArray[np.int8]

NEVER, TOKEN, WORD, SENTENCE, LINE, PARAGRAPH, HEADING = -1, 0, 1, 2, 3, 4, 5
"""How good a place a token start is to begin a chunk; a heading of level n is HEADING + 6 - n."""


LINE_END = r"\r\n?|\n"
BLANK_LINE = r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)"


def chunk_documents(
    documents: Sequence[Document], *, chunker: str, chunk_size: int, chunk_overlap: float, tokenizer: str
) -> ChunkTable:
    """Cut every document. One without any token, or of white space alone, has no chunk; all other text is covered.

    chunk_size: most tokens of a chunk; chunk_overlap: share of a chunk's tokens that the next one repeats.
    """
    doc, start, end, n_tokens = [], [], [], []
    for number, document in enumerate(documents):
        tokens, strengths = _ruled(document.text, chunker, tokenizer)
        if not len(tokens.start) or document.text.isspace():
            continue
        first, last = _pack(tokens, strengths, size=chunk_size, overlap=chunk_overlap)
        borders = np.append(tokens.start, len(document.text))
        borders[0] = 0
        doc.append(np.full(len(first), number, dtype=np.int64))
        start.append(borders[first])
        end.append(borders[last])
        n_tokens.append(tokens.before[last] - tokens.before[first])
    empty = np.zeros(0, dtype=np.int64)
    return ChunkTable(*(np.concatenate(part) if part else empty for part in (doc, start, end, n_tokens)))


def chunk_texts(chunks: ChunkTable, documents: Sequence[Document]) -> list[str]:
    """The text of every chunk: document[start:end]."""
    return [
        documents[doc].text[start:end]
        for doc, start, end in zip(chunks.doc.tolist(), chunks.start.tolist(), chunks.end.tolist(), strict=True)
    ]


def sentence_starts(text: str) -> Ints:
    """Characters where sentences begin; a line end always ends a sentence, so a list item or table row is one."""
    from sentencex import get_sentence_boundaries

    found = [boundary["start_index"] for boundary in get_sentence_boundaries("en", text)]
    return np.union1d(np.array(found, dtype=np.int64), _after_each(LINE_END, text))


def _pack(tokens: Tokens, strengths: Strengths, *, size: int, overlap: float) -> tuple[Ints, Ints]:
    """Chunks as token ranges [first, last): each ends at the strongest border that leaves it at least half full.

    Among equals the latest border wins, so equal strengths give windows of exactly `size`.
    """
    total = len(tokens.start)
    first, last = [], []
    begin = reached = 0
    while True:
        limit = _reach(tokens, begin, size)
        if limit <= reached and limit < total:  # the overlap leaves no room for anything new
            begin = reached
            limit = _reach(tokens, begin, size)
        end = total if limit >= total else _best_border(strengths, begin, reached, limit)
        first.append(begin)
        last.append(end)
        if end == total:
            return np.array(first, dtype=np.int64), np.array(last, dtype=np.int64)
        begin, reached = _overlapping_begin(tokens, strengths, begin, end, overlap), end


def _reach(tokens: Tokens, begin: int, size: int) -> int:
    """How far `size` tokens go; at least one border, also where one character alone is more tokens."""
    return max(int(np.searchsorted(tokens.before, tokens.before[begin] + size, side="right")) - 1, begin + 1)


def _best_border(strengths: Strengths, begin: int, reached: int, limit: int) -> int:
    """The border in (reached, limit] to end at: beyond the chunk before, at least half full where that is possible."""
    half = begin + (limit - begin + 1) // 2
    window = strengths[max(half, reached + 1) : limit + 1]
    if window.max() <= TOKEN and strengths[reached + 1 : limit + 1].max() > TOKEN:
        window = strengths[reached + 1 : limit + 1]
    best = int(window.max())
    if best == NEVER:
        return limit
    return limit - int(np.argmax(window[::-1] == best))


def _overlapping_begin(tokens: Tokens, strengths: Strengths, begin: int, end: int, overlap: float) -> int:
    """The next chunk begins at the first sentence (else word, else token) border within the overlap before `end`."""
    repeated = int(overlap * (tokens.before[end] - tokens.before[begin]))
    earliest = max(int(np.searchsorted(tokens.before, tokens.before[end] - repeated)), begin + 1)
    window = strengths[earliest:end]
    if not len(window) or window.max() == NEVER:
        return end
    strength = min(int(window.max()), SENTENCE)
    return earliest + int(np.argmax(window >= strength))


@lru_cache(maxsize=4096)
def _ruled(text: str, chunker: str, tokenizer: str) -> tuple[Tokens, Strengths]:
    tokens = _tokenized(text, tokenizer)
    strengths = np.full(len(tokens.start), TOKEN, dtype=np.int8)
    for strength, borders in sorted(RULERS[chunker](text).items(), key=lambda item: (item[0] == NEVER, item[0])):
        # A border belongs to the first token that begins at or after it; white space stays with the chunk before.
        at = np.searchsorted(tokens.start, borders)
        strengths[at[at < len(strengths)]] = strength
    return tokens, strengths


@lru_cache(maxsize=4096)
def _tokenized(text: str, tokenizer: str) -> Tokens:
    return tokenize(text, tokenizer)


def _word_starts(text: str) -> Ints:
    space = np.array([character.isspace() for character in text], dtype=bool)
    return np.flatnonzero(space[:-1] & ~space[1:]) + 1 if len(space) else np.zeros(0, dtype=np.int64)


def _after_each(pattern: str, text: str) -> Ints:
    return np.array([match.end() for match in re.finditer(pattern, text)], dtype=np.int64)


def _sentence_borders(text: str) -> dict[int, Ints]:
    return {WORD: _word_starts(text), SENTENCE: sentence_starts(text)}


def _recursive_borders(text: str) -> dict[int, Ints]:
    return _sentence_borders(text) | {LINE: _after_each(LINE_END, text), PARAGRAPH: _after_each(BLANK_LINE, text)}


def _markdown_borders(text: str) -> dict[int, Ints]:
    """Headings by level, blocks as CommonMark sees them; no chunk begins inside a heading or at its body."""
    from markdown_it import MarkdownIt

    lines = np.concatenate([[0], _after_each(LINE_END, text), [len(text)]])
    borders: dict[int, list[int]] = {PARAGRAPH: [], NEVER: []}
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.map is None or token.nesting == -1:
            continue
        begin, end = (int(lines[min(line, len(lines) - 1)]) for line in token.map)
        if token.type == "heading_open":
            borders.setdefault(HEADING + 6 - int(token.tag[1]), []).append(begin)
            body = end + len(text[end:]) - len(text[end:].lstrip())
            borders[NEVER].extend(range(begin + 1, body + 1))
        elif token.level == 0:
            borders[PARAGRAPH].append(begin)
    in_chars = {strength: np.array(found, dtype=np.int64) for strength, found in borders.items()}
    return _sentence_borders(text) | {LINE: _after_each(LINE_END, text)} | in_chars


RULERS: Mapping[str, Callable[[str], Mapping[int, Ints]]] = {
    "tokens": lambda text: {},
    "sentences": _sentence_borders,
    "recursive": _recursive_borders,
    "markdown": _markdown_borders,
}
"""chunker -> strength -> the characters where a border of that strength lies."""
