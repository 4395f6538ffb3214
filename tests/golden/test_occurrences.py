from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_sweeps.golden import occurrences
from rag_sweeps.golden.occurrences import find_occurrences
from rag_sweeps.records import Span

TEXT = st.text(alphabet="ab \0😀", max_size=80)


def find_by_loop(texts: list[str], quotes: set[str]) -> dict[str, list[Span]]:
    return {
        quote: [
            Span(doc, start, start + len(quote))
            for doc, text in enumerate(texts)
            for start in range(len(text))
            if text.startswith(quote, start)
        ]
        for quote in quotes
    }


@given(texts=st.lists(TEXT, max_size=6), data=st.data(), batch_chars=st.integers(1, 100))
def test_every_occurrence_is_found_and_no_other(texts: list[str], data: st.DataObject, batch_chars: int) -> None:
    quotes = data.draw(st.sets(TEXT.filter(bool), max_size=5))
    for text in filter(None, texts):
        start = data.draw(st.integers(0, len(text) - 1))
        quotes.add(text[start : data.draw(st.integers(start + 1, len(text)))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(occurrences, "BATCH_CHARS", batch_chars)
        assert find_occurrences(texts, quotes) == find_by_loop(texts, quotes)


def test_a_quote_does_not_reach_into_the_next_document() -> None:
    assert find_occurrences(["one", "two"], ["one\0two"]) == {"one\0two": []}


def test_quotes_that_begin_alike_are_told_apart() -> None:
    start = "x" * 40
    found = find_occurrences([start + "a", start + "b"], [start + "a", start + "b"])
    assert found == {start + "a": [Span(0, 0, 41)], start + "b": [Span(1, 0, 41)]}


def test_no_documents_and_no_quotes_are_fine() -> None:
    assert find_occurrences([], ["a"]) == {"a": []}
    assert find_occurrences(["a"], []) == {}
