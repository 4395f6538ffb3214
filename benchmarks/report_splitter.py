"""Documents -> chunks as the recursive splitter of Chroma's report makes them; written for the comparison alone.

A text is cut before every occurrence of the first separator it holds; a piece that is still too long is cut at the
next separator in the list. Neighbouring short pieces are then packed into chunks, and a chunk begins with the last
pieces of the one before as far as the overlap allows. Lengths are word pieces of the embedding model, and the model's
two marks, [CLS] and [SEP], are counted on every piece: so a chunk of many short pieces ends early. White space
around a chunk is dropped. The pieces lie side by side in the text, so the offsets are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rag_sweeps.records import ChunkTable, Document
from rag_sweeps.tokenization import tokenize_words

SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")
MARKS = 2
"""[CLS] and [SEP], on every text that is measured, the empty one between two pieces too."""

Piece = tuple[int, int]
"""Start and end of a stretch of the document."""


def split_documents(documents: Sequence[Document], *, size: int, overlap: int, tokenizer: str) -> ChunkTable:
    """Chunks of all documents; n_tokens counts word pieces without the marks."""
    rows = []
    for number, document in enumerate(documents):
        splitter = _Splitter(document.text, size=size, overlap=overlap, tokenizer=tokenizer)
        rows += [(number, start, end) for start, end in splitter.split((0, len(document.text)), SEPARATORS)]
    doc, start, end = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    texts = [documents[number].text[begin:stop] for number, begin, stop in rows]
    return ChunkTable(doc, start, end, np.array([len(words) for words in tokenize_words(texts, tokenizer)]))


class _Splitter:
    """One document. Lengths are kept, since neighbours are measured again and again."""

    def __init__(self, text: str, *, size: int, overlap: int, tokenizer: str) -> None:
        self._text, self._size, self._overlap, self._tokenizer = text, size, overlap, tokenizer
        self._lengths: dict[str, int] = {}

    def split(self, piece: Piece, separators: Sequence[str]) -> list[Piece]:
        """Chunks of one stretch, in order."""
        start, end = piece
        text = self._text[start:end]
        at = next(i for i, separator in enumerate(separators) if separator == "" or separator in text)
        pieces = [(start + first, start + last) for first, last in _cut_before(text, separators[at])]
        self._measure(pieces)
        chunks: list[Piece] = []
        short: list[Piece] = []
        for each in pieces:
            if self._length(each) < self._size:
                short.append(each)
                continue
            chunks += self._pack(short)
            short = []
            finer = separators[at + 1 :]
            chunks += self.split(each, finer) if finer else [each]
        return chunks + self._pack(short)

    def _pack(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Chunks of at most `size`, each repeating at most `overlap` of the one before."""
        chunks: list[Piece] = []
        held: list[Piece] = []
        total = 0
        for piece in pieces:
            length = self._length(piece)
            if held and total + length + MARKS > self._size:
                chunks.append((held[0][0], held[-1][1]))
                while held and (total > self._overlap or total + length + MARKS > self._size):
                    total -= self._length(held[0]) + (MARKS if len(held) > 1 else 0)
                    held.pop(0)
            held.append(piece)
            total += length + (MARKS if len(held) > 1 else 0)
        if held:
            chunks.append((held[0][0], held[-1][1]))
        return [stripped for stripped in map(self._strip, chunks) if stripped[0] < stripped[1]]

    def _strip(self, piece: Piece) -> Piece:
        text = self._text[piece[0] : piece[1]]
        return piece[0] + len(text) - len(text.lstrip()), piece[1] - len(text) + len(text.rstrip())

    def _measure(self, pieces: Sequence[Piece]) -> None:
        texts = {self._text[start:end] for start, end in pieces} - self._lengths.keys()
        ordered = sorted(texts)
        self._lengths |= {
            text: len(words) + MARKS
            for text, words in zip(ordered, tokenize_words(ordered, self._tokenizer), strict=True)
        }

    def _length(self, piece: Piece) -> int:
        return self._lengths[self._text[piece[0] : piece[1]]]


def _cut_before(text: str, separator: str) -> list[Piece]:
    """The stretches between occurrences of a separator, each beginning with its own."""
    if separator == "":
        return [(at, at + 1) for at in range(len(text))]
    borders = [0]
    at = text.find(separator)
    while at >= 0:
        borders.append(at)
        at = text.find(separator, at + len(separator))
    borders.append(len(text))
    return [(start, end) for start, end in pairwise(borders) if start < end]
