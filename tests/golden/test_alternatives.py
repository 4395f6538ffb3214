from __future__ import annotations

from rag_sweeps.golden.alternatives import find_alternatives, is_long, make_evidence
from rag_sweeps.golden.placing import PlacedQuote
from rag_sweeps.records import Document, Evidence, Span


def alternatives(texts: list[str], span: Span) -> Evidence:
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    placed = PlacedQuote(0, span.doc, span, texts[span.doc][span.start : span.end])
    return make_evidence(placed, find_alternatives([(placed,)], documents).get(placed.quote, ()))


def test_the_authors_span_comes_first_and_the_others_by_document() -> None:
    text = "red green blue"
    evidence = alternatives([text, text, f"{text} and {text}"], Span(1, 0, 14))
    assert evidence.spans == (Span(1, 0, 14), Span(0, 0, 14), Span(2, 0, 14), Span(2, 19, 33))


def test_text_inside_of_longer_words_is_no_alternative() -> None:
    assert alternatives(["red green blue", "bored green blues"], Span(0, 0, 14)).spans == (Span(0, 0, 14),)


def test_alternatives_overlap_neither_the_span_nor_one_another() -> None:
    evidence = alternatives(["na na na na na", "na na na na na na"], Span(0, 3, 11))
    assert evidence.spans == (Span(0, 3, 11), Span(1, 0, 8), Span(1, 9, 17))


def test_three_words_are_evidence_anywhere_and_two_are_not() -> None:
    assert [is_long(quote) for quote in ("one two three", "one two", "308", "日本語", "日本")] == [
        True,
        False,
        False,
        True,
        False,
    ]
