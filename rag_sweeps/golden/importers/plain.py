"""Plain JSON Lines of questions with contexts or quotes, as RAG test generators write them -> a golden set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from rag_sweeps.golden.anchoring import find_place
from rag_sweeps.golden.documents import FOLDER, LINES_FILE, read_corpus, read_tree
from rag_sweeps.golden.importers.foreign import get_text, read_lines
from rag_sweeps.golden.importers.target import TEST_SHARE, Draft, Imported, Quote, check_target, write_golden
from rag_sweeps.golden.lines import JsonLine
from rag_sweeps.golden.naming import DocumentNames
from rag_sweeps.golden.occurrences import find_occurrences
from rag_sweeps.golden.problems import GoldenError, Problem, golden_error, shorten_quote
from rag_sweeps.golden.words import stands_alone
from rag_sweeps.records import Document

QUESTION_KEYS = ("question", "user_input", "query")
ANSWER_KEYS = ("reference", "ground_truth", "reference_answer", "answer")
"""Best first: where a file has a reference beside `answer`, the answer is what some system replied."""
QUOTE_KEYS = ("quotes", "evidence", "quote", "reference_contexts", "contexts", "context")


class _Library:
    """Documents given beforehand, in which `quotes` are looked up, or gathered from the contexts themselves."""

    def __init__(self, given: Sequence[Document] | None, quotes: Collection[str]) -> None:
        self.documents = list(given or ())
        self._names = DocumentNames(self.documents) if given is not None else None
        self._places = find_occurrences([document.text for document in self.documents], quotes)
        self._gathered: dict[str, str] = {}

    def locate(self, text: str, name: str | None) -> Quote | None:
        """Where the text stands: in the named document, else in the first that has it; None: nowhere."""
        if self._names is None:
            if text not in self._gathered:
                self._gathered[text] = f"context-{len(self._gathered) + 1:04d}"
                self.documents.append(Document(self._gathered[text], text))
            return Quote(self._gathered[text], text, 0, len(text))
        number = None if name is None else self._names.resolve(name)
        if name is not None and number is None:
            return None
        if number is None and (spans := self._places[text]):
            texts = (self.documents[span.doc].text for span in spans)
            whole = [
                span for span, within in zip(spans, texts, strict=True) if stands_alone(within, span.start, span.end)
            ]
            span = (whole or spans)[0]
            return Quote(self.documents[span.doc].id, text, span.start, span.end)
        for document in self.documents if number is None else [self.documents[number]]:
            if place := find_place(document.text, text, near=None):
                return Quote(document.id, document.text[place.start : place.end], place.start, place.end)
        return None


def import_jsonl(
    path: Path,
    target: Path,
    *,
    documents: Path | None = None,
    test_share: float = TEST_SHARE,
    overwrite: bool = False,
) -> Imported:
    """Each line has a question, perhaps an answer, and texts that answer it: contexts, quotes or evidence.

    With `documents`, a folder of text files or a golden set, every quote is looked up there, in the document its
    line names under `document`, if it names one. Without it, each distinct context becomes a document, and the whole
    of it is the evidence. Contexts are taken for what answers the question, not for what some system found. Other
    keys are passed over: such files carry scores and replies of earlier runs.
    """
    check_target(target, test_share=test_share, overwrite=overwrite)
    problems: list[Problem] = []
    lines = read_lines(path)
    quotes = {quote for line in lines for quote in _gather_quotes(line.value) or ()}
    library = _Library(None if documents is None else _read_documents(documents), quotes)
    drafts: list[Draft] = []
    for line in lines:
        drafted = _draft_question(line, library)
        if isinstance(drafted, Draft):
            drafts.append(drafted)
        else:
            problems += (Problem(str(path), line.number, what) for what in drafted)
    if problems:
        raise GoldenError(problems)
    if not drafts:
        raise golden_error(path, "has no questions; write one JSON object per question")
    kind = "evidence is whole contexts" if documents is None else f"quotes from {documents.name}"
    return write_golden(
        target,
        library.documents,
        drafts,
        description=f"Imported from {path.name}; {kind}.",
        test_share=test_share,
        overwrite=overwrite,
    )


def _read_documents(folder: Path) -> tuple[Document, ...]:
    if not folder.is_dir():
        raise golden_error(folder, "is no folder; name the folder of the documents")
    problems: list[Problem] = []
    is_set = (folder / FOLDER).is_dir() or (folder / LINES_FILE).is_file()
    corpus = read_corpus(folder, problems) if is_set else read_tree(folder, folder, problems)
    if problems:
        raise GoldenError(problems)
    return corpus.documents


def _draft_question(line: JsonLine, library: _Library) -> Draft | list[str]:
    """The question with its evidence located, or what is wrong with its line."""
    text, answer = get_text(line.value, QUESTION_KEYS), get_text(line.value, ANSWER_KEYS)
    if text is None:
        return [f"has no question; name it {' or '.join(map(repr, QUESTION_KEYS))}"]
    wanted = _gather_quotes(line.value)
    if wanted is None:
        return [f"{' or '.join(map(repr, QUOTE_KEYS))} must be a string or a list of strings"]
    if answer and not wanted:
        found = (
            "; retrieved_contexts are what a system found, no evidence" if "retrieved_contexts" in line.value else ""
        )
        return [f"has an answer but no evidence{found}; add 'contexts' or 'quotes', or set the answer to null"]
    name = get_text(line.value, ("document",))
    located = {quote: library.locate(quote, name) for quote in wanted}
    where = "the documents" if name is None else f"document {name!r}"
    lost = [
        f"quote {shorten_quote(quote)} is not in {where}; copy it as it stands there"
        for quote in located
        if not located[quote]
    ]
    if lost:
        return lost
    quotes = tuple(quote for quote in located.values() if quote)
    return Draft(str(line.value.get("id") or f"q{line.number:04d}"), text, answer or None, quotes)


def _gather_quotes(value: dict[str, object]) -> list[str] | None:
    """The texts under the first key that has any, without empty ones; None where they are no strings."""
    found = next((value[key] for key in QUOTE_KEYS if value.get(key)), [])
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None
    return [text for text in texts if text.strip()]
