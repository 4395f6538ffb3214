"""Placed quotes -> evidence: each with every other place in the corpus that has the same text."""

from __future__ import annotations

from collections.abc import Sequence

from rag_sweeps.golden.occurrences import find_occurrences
from rag_sweeps.golden.placing import PlacedQuote
from rag_sweeps.golden.words import count_words, stands_alone
from rag_sweeps.records import Document, Evidence, Span

MIN_WORDS = 3
"""Shorter text is no evidence by itself: "308" answers its question in one place, and means nothing in another."""


def find_alternatives(
    placed: Sequence[tuple[PlacedQuote, ...]], documents: Sequence[Document]
) -> dict[str, list[Span]]:
    """Quote -> all places where it stands as whole words, for every quote of at least MIN_WORDS words."""
    texts = [document.text for document in documents]
    quotes = {quote.quote for quotes in placed for quote in quotes}
    found = find_occurrences(texts, [quote for quote in sorted(quotes) if is_long(quote)])
    return {
        quote: [span for span in spans if stands_alone(texts[span.doc], span.start, span.end)]
        for quote, spans in found.items()
    }


def is_long(quote: str) -> bool:
    """Whether the text is evidence wherever it stands."""
    return count_words(quote) >= MIN_WORDS


def make_evidence(quote: PlacedQuote, places: Sequence[Span]) -> Evidence:
    """The author's span first, then the other places that overlap neither it nor one another."""
    spans = [quote.span]
    last = Span(-1, 0, 0)
    for place in places:
        if not overlaps(place, quote.span) and not overlaps(place, last):
            spans.append(place)
            last = place
    return Evidence(quote.quote, tuple(spans))


def overlaps(one: Span, other: Span) -> bool:
    """Whether two spans share a character."""
    return one.doc == other.doc and one.start < other.end and other.start < one.end
