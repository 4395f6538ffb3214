"""Many quotes and a whole corpus -> every place where each quote stands, exactly, in one pass.

A hash of the first w characters of every quote is looked up at every position of the corpus, as array arithmetic;
where it is known, the text is compared. One str.find per quote would read the corpus once for each of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rag_sweeps.records import Span

Hashes = npt.NDArray[np.uint32]

WINDOWS = (1, 2, 4, 8, 16, 32)
"""Prefix lengths in characters that are hashed; a quote uses the longest that fits."""

BATCH_CHARS = 1 << 18
"""Documents are joined up to this size, so that the arrays of one batch stay in the CPU's cache."""

TABLE_BITS = 20
MIXERS = tuple(np.uint32(value) for value in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1))
SPREADER = np.uint32(0x2C1B3C6D)


def find_occurrences(texts: Sequence[str], quotes: Collection[str]) -> dict[str, list[Span]]:
    """Every place of every quote (none empty), overlapping ones too, sorted by document and start.

    Quotes that stand nowhere have an empty list.
    """
    found: dict[str, list[Span]] = {quote: [] for quote in quotes}
    by_window: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for quote in found:
        window = max(width for width in WINDOWS if width <= len(quote))
        *_, (_, hashes) = _hash_windows(_to_codes(quote[:window]))
        by_window[window][int(hashes[0])].append(quote)
    tables = {window: _make_table(list(by_hash)) for window, by_hash in by_window.items()}
    for first, starts, batch in _join_batches(texts):
        for window, hashes in _hash_windows(_to_codes(batch)):
            if window not in tables:
                continue
            positions = np.flatnonzero(tables[window][_slots(hashes)])
            for position, key in zip(positions.tolist(), hashes[positions].tolist(), strict=True):
                for quote in by_window[window].get(key, ()):
                    if batch.startswith(quote, position):
                        local = bisect_right(starts, position) - 1
                        start = position - starts[local]
                        # A quote that holds the separator could reach into the next document.
                        if start + len(quote) <= len(texts[first + local]):
                            found[quote].append(Span(first + local, start, start + len(quote)))
    return found


def _join_batches(texts: Sequence[str]) -> Iterator[tuple[int, list[int], str]]:
    """(number of the first document, where each begins, documents joined by NUL); a long one is a batch alone."""
    first, n_chars = 0, 0
    starts: list[int] = []
    for number, text in enumerate(texts):
        if starts and n_chars + len(text) > BATCH_CHARS:
            yield first, starts, "\0".join(texts[first:number])
            first, n_chars, starts = number, 0, []
        starts.append(n_chars)
        n_chars += len(text) + 1
    if starts:
        yield first, starts, "\0".join(texts[first:])


def _to_codes(text: str) -> Hashes:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32, copy=False)


def _hash_windows(codes: Hashes) -> Iterator[tuple[int, Hashes]]:
    """(w, hashes of all w-character windows): a window of 2w is hashed from its two halves, modulo 2**32."""
    hashes = codes
    yield 1, hashes
    for window, mixer in zip(WINDOWS[:-1], MIXERS, strict=True):
        if len(hashes) <= window:
            return
        hashes = hashes[:-window] * mixer + hashes[window:]
        yield 2 * window, hashes


def _slots(hashes: Hashes) -> Hashes:
    """The slot of each hash: the upper bits of a product, since the lower ones hardly mix."""
    return (hashes * SPREADER) >> np.uint32(32 - TABLE_BITS)


def _make_table(hashes: list[int]) -> npt.NDArray[np.bool_]:
    table = np.zeros(1 << TABLE_BITS, dtype=np.bool_)
    table[_slots(np.array(hashes, dtype=np.uint32))] = True
    return table
