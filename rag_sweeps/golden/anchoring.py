"""A quote and a document's text -> the characters where the quote stands now."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag_sweeps.golden.words import stands_alone


@dataclass(frozen=True, slots=True)
class Place:
    """Characters [start, end) of a text; n_places is how many equally good ones there were."""

    start: int
    end: int
    n_places: int


def find_place(text: str, quote: str, *, near: int | None) -> Place | None:
    """Where the quote stands in the text: the exact words, else the same words with other white space.

    Of several places the one nearest to `near` is meant, the earlier of two equally near, the first where `near`
    is None. Whole words go before parts of words, so that a moved "308" is not found inside of "1308".
    """
    places = _find_exact(text, quote) or _find_reflowed(text, quote)
    if not places:
        return None
    places = [place for place in places if stands_alone(text, *place)] or places
    target = 0 if near is None else near
    start, end = min(places, key=lambda place: abs(place[0] - target))
    return Place(start, end, len(places))


def _find_exact(text: str, quote: str) -> list[tuple[int, int]]:
    places = []
    start = text.find(quote)
    while start >= 0:
        places.append((start, start + len(quote)))
        start = text.find(quote, start + 1)
    return places


def _find_reflowed(text: str, quote: str) -> list[tuple[int, int]]:
    """Places that differ from the quote in white space alone: wrapped lines, CRLF, a doubled space."""
    pattern = re.compile(r"\s+".join(re.escape(word) for word in quote.split()))
    return [match.span() for match in pattern.finditer(text)]
