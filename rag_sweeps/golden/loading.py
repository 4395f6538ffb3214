"""Folder -> GoldenSet: documents, questions whose quotes were all found, digest and report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_sweeps.golden.alternatives import find_alternatives, is_long, make_evidence
from rag_sweeps.golden.digest import digest_golden
from rag_sweeps.golden.documents import Corpus, read_corpus
from rag_sweeps.golden.manifest import Manifest, Seal, changed_files, compare_seal, read_manifest
from rag_sweeps.golden.placing import Anchored, Moved, PlacedQuote, Placement, place_quotes
from rag_sweeps.golden.problems import GoldenError, Problem, golden_error, shorten_quote
from rag_sweeps.golden.questions import QUESTIONS_FILE, WrittenQuestion, parse_questions
from rag_sweeps.golden.sources import Source, read_source
from rag_sweeps.golden.words import count_words
from rag_sweeps.records import Document, Question, Span, Split


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """What verification saw. n_evidence counts pieces of evidence, n_alternatives their other places.

    short_quotes: evidence of fewer than three words, which has no alternatives. changed_files: what is other than
    the manifest says; `sealed` compares the content alone.
    """

    n_documents: int
    n_questions: int
    n_unanswerable: int
    n_evidence: int
    n_alternatives: int
    n_words: int
    by_tag: Mapping[str, int]
    by_split: Mapping[str, int]
    moved: tuple[Moved, ...]
    anchored: tuple[Anchored, ...]
    short_quotes: int
    warnings: tuple[str, ...]
    sealed: Seal
    changed_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """Documents sorted by id, questions in file order; Span.doc counts in `documents`."""

    name: str
    folder: Path
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    digest: str
    report: GoldenReport

    def split(self, split: Split) -> tuple[Question, ...]:
        """The questions of one split, in file order."""
        return tuple(question for question in self.questions if question.split == split)


@dataclass(frozen=True, slots=True)
class Verified:
    """A golden set together with what its files say, for sealing."""

    golden: GoldenSet
    source: Source
    written: tuple[WrittenQuestion, ...]
    placement: Placement
    manifest: Manifest | None
    files: Mapping[str, str]


def load_golden(folder: Path) -> GoldenSet:
    """Read and verify a golden set; GoldenError names everything that has to be mended.

    Moved quotes, and a manifest that says something else, are reported and no error.
    """
    return verify_golden(folder).golden


def verify_golden(folder: Path) -> Verified:
    """load_golden, and what it read on the way."""
    if not folder.is_dir():
        raise golden_error(folder, "is no folder; name the folder that holds questions.jsonl")
    problems: list[Problem] = []
    manifest = read_manifest(folder, problems)
    corpus = read_corpus(folder, problems)
    path = folder / QUESTIONS_FILE
    if not path.exists():
        raise GoldenError([*problems, Problem(str(path), None, "is missing; write one JSON object per question")])
    source = read_source(folder, path, problems)
    if source is None:
        raise GoldenError(problems)
    corpus_is_whole = not problems
    written = parse_questions(str(path), source.text, problems)
    if not corpus_is_whole:
        # Quotes would be missed for want of their documents: the same trouble once more for every question.
        raise GoldenError(problems)
    placement = place_quotes(written, corpus.documents, file=str(path), problems=problems)
    if problems:
        raise GoldenError(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
    questions, warnings = _assemble(written, placement, corpus.documents, file=str(path))
    files = {**corpus.files, source.path: source.digest}
    digest = digest_golden(corpus.documents, questions)
    report = _report(corpus, questions, placement, warnings, manifest, digest, files)
    name = manifest.name if manifest and manifest.name else folder.resolve().name
    golden = GoldenSet(name, folder, corpus.documents, questions, digest, report)
    return Verified(golden, source, tuple(written), placement, manifest, files)


def _assemble(
    written: Sequence[WrittenQuestion], placement: Placement, documents: Sequence[Document], *, file: str
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Questions with evidence and alternatives; the same text twice in one question is one piece of evidence."""
    places = find_alternatives(placement.quotes, documents)
    questions, warnings = [], []
    for question, quotes in zip(written, placement.quotes, strict=True):
        kept: dict[Span, PlacedQuote] = {}
        evidence = []
        for quote in quotes:
            if quote.span in kept:
                again = shorten_quote(quote.quote)
                warnings.append(f"{file}:{question.line}: question {question.id!r} has the evidence {again} twice")
                continue
            piece = make_evidence(quote, places.get(quote.quote, ()))
            kept.update(dict.fromkeys(piece.spans, quote))
            evidence.append(piece)
        questions.append(
            Question(question.id, question.text, question.answer, tuple(evidence), question.tags, question.split)
        )
    return tuple(questions), tuple(warnings)


def _report(
    corpus: Corpus,
    questions: Sequence[Question],
    placement: Placement,
    warnings: tuple[str, ...],
    manifest: Manifest | None,
    digest: str,
    files: dict[str, str],
) -> GoldenReport:
    evidence = [piece for question in questions for piece in question.evidence]
    tags = Counter(tag for question in questions for tag in set(question.tags))
    splits = Counter(question.split for question in questions)
    return GoldenReport(
        n_documents=len(corpus.documents),
        n_questions=len(questions),
        n_unanswerable=sum(not question.evidence for question in questions),
        n_evidence=len(evidence),
        n_alternatives=sum(len(piece.spans) - 1 for piece in evidence),
        n_words=sum(count_words(document.text) for document in corpus.documents),
        by_tag=dict(sorted(tags.items())),
        by_split={split: splits[split] for split in ("dev", "test")},
        moved=placement.moved,
        anchored=placement.anchored,
        short_quotes=sum(not is_long(piece.quote) for piece in evidence),
        warnings=corpus.warnings + warnings,
        sealed=compare_seal(manifest, digest),
        changed_files=changed_files(manifest, files),
    )
