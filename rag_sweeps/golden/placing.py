"""Questions as written + documents -> the span of every quote, what moved, and what is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_sweeps.golden.anchoring import find_place
from rag_sweeps.golden.naming import DocumentNames
from rag_sweeps.golden.occurrences import find_occurrences
from rag_sweeps.golden.problems import Problem, shorten_quote
from rag_sweeps.golden.questions import EvidenceLine, WrittenQuestion
from rag_sweeps.golden.words import stands_alone
from rag_sweeps.records import Document, Span


@dataclass(frozen=True, slots=True)
class Moved:
    """A quote that was not where its offsets say, and where it is; from_start is None where none were given."""

    question_id: str
    document: str
    quote: str
    from_start: int | None
    to_start: int
    to_document: str


@dataclass(frozen=True, slots=True)
class Anchored:
    """A quote without offsets, and the only place where it stands."""

    question_id: str
    document: str
    quote: str
    start: int


@dataclass(frozen=True, slots=True)
class PlacedQuote:
    """Evidence number `item` of a written question: its span and the text there, which may be reflowed.

    `home` is the number of the document its author named; None where that is gone.
    """

    item: int
    home: int | None
    span: Span
    quote: str


@dataclass(frozen=True, slots=True)
class Placement:
    """quotes: one tuple per written question, in order; a quote that could not be placed is in no tuple."""

    quotes: tuple[tuple[PlacedQuote, ...], ...]
    moved: tuple[Moved, ...]
    anchored: tuple[Anchored, ...]


Found = Span | str | None
"""Where a quote stands; words where that is for its author to decide; None where it was not found."""


def place_quotes(
    questions: Sequence[WrittenQuestion], documents: Sequence[Document], *, file: str, problems: list[Problem]
) -> Placement:
    """Look every quote up: at its offsets, in its document, then in the others; `file` is named in problems.

    A quote that stands in exactly one other document has moved there: a renamed file, a section given a page
    of its own. One that stands nowhere, or in several others, is a problem.
    """
    names = DocumentNames(documents)
    items = dict.fromkeys(item for question in questions for item in question.evidence)
    homes = {item: names.resolve(item.document) for item in items}
    found: dict[EvidenceLine, Found] = {item: _find_at_home(item, documents, homes[item]) for item in items}
    others = _find_others([item.quote for item in items if found[item] is None], documents)
    for item in items:
        if found[item] is None and len(others[item.quote]) == 1:
            found[item] = _find_in(item, documents, others[item.quote][0])
    moved: list[Moved] = []
    anchored: list[Anchored] = []
    placed: list[tuple[PlacedQuote, ...]] = []
    for question in questions:
        quotes = []
        for number, item in enumerate(question.evidence):
            span, home = found[item], homes[item]
            if not isinstance(span, Span):
                what = span or _explain_loss(item, documents, home, names, others[item.quote])
                problems.append(Problem(file, question.line, f"question {question.id!r}: {what}"))
                continue
            target, quote = documents[span.doc].id, documents[span.doc].text[span.start : span.end]
            quotes.append(PlacedQuote(number, home, span, quote))
            if span.doc == home and item.start is None:
                anchored.append(Anchored(question.id, target, quote, span.start))
            elif (home, item.start, item.end, item.quote) != (span.doc, span.start, span.end, quote):
                named = item.document if home is None else documents[home].id
                moved.append(Moved(question.id, named, quote, item.start, span.start, target))
        placed.append(tuple(quotes))
    return Placement(tuple(placed), tuple(moved), tuple(anchored))


def _find_at_home(item: EvidenceLine, documents: Sequence[Document], home: int | None) -> Found:
    """The quote in the document its evidence names."""
    if home is None:
        return None
    start, end = item.start, item.end
    if start is not None and end is not None and documents[home].text[start:end] == item.quote:
        return Span(home, start, end)
    return _find_in(item, documents, home)


def _find_in(item: EvidenceLine, documents: Sequence[Document], doc: int) -> Found:
    place = find_place(documents[doc].text, item.quote, near=item.start)
    if place is None:
        return None
    if item.start is None and place.n_places > 1:
        name = documents[doc].id
        return f"quote {shorten_quote(item.quote)} stands {place.n_places} times in {name!r}; add start and end"
    return Span(doc, place.start, place.end)


def _find_others(quotes: Sequence[str], documents: Sequence[Document]) -> dict[str, list[int]]:
    """Lost quote -> the numbers of the documents that hold it as whole words."""
    texts = [document.text for document in documents]
    return {
        quote: sorted({span.doc for span in spans if stands_alone(texts[span.doc], span.start, span.end)})
        for quote, spans in (find_occurrences(texts, quotes) if quotes else {}).items()
    }


def _explain_loss(
    item: EvidenceLine, documents: Sequence[Document], home: int | None, names: DocumentNames, others: Sequence[int]
) -> str:
    quote = shorten_quote(item.quote)
    if len(others) > 1:
        shown = ", ".join(repr(documents[doc].id) for doc in others[:3]) + (", ..." if len(others) > 3 else "")
        where = f"is not in {item.document!r}, but in {len(others)} others ({shown}); name the one you mean"
        return f"quote {quote} {where}"
    if home is None:
        return f"quote {quote}: {names.explain_miss(item.document)}"
    return (
        f"quote {quote} is gone from {documents[home].id!r}; restore the text, or quote what now answers the question"
    )
