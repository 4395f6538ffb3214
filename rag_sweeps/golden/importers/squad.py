"""SQuAD 1.1 or 2.0 JSON -> a golden set: a document per article, evidence in whole sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from rag_sweeps.golden.importers.foreign import read_text
from rag_sweeps.golden.importers.target import TEST_SHARE, Draft, Imported, Quote, check_target, write_golden
from rag_sweeps.golden.lines import describe_errors, parse_json
from rag_sweeps.golden.problems import GoldenError, Problem, golden_error, shorten_quote
from rag_sweeps.records import Document

GAP = "\n\n"
SENTENCE_END = re.compile(r"""[.!?]["')\]”’]*\s+(?=["'(\[“‘]*[A-Z0-9])""")
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Sr|Jr|Prof|Gen|Col|Lt|Rev|Mt|No|vs|etc|ca|cf|Inc|Ltd|Co)|\b\w)\.\s+$"
)
"""A point after one of these, or after a single letter, ends no sentence: rather two sentences than half of one."""


class _SquadAnswer(BaseModel):
    text: str
    answer_start: int


class _SquadQuestion(BaseModel):
    id: str
    question: str
    answers: list[_SquadAnswer] = []
    is_impossible: bool = False


class _SquadParagraph(BaseModel):
    context: str
    qas: list[_SquadQuestion]


class _SquadArticle(BaseModel):
    title: str = ""
    paragraphs: list[_SquadParagraph]


class _SquadFile(BaseModel):
    data: list[_SquadArticle]


@dataclass(frozen=True, slots=True)
class _Paragraph:
    document: str
    text: str
    offset: int


def import_squad(path: Path, target: Path, *, test_share: float = TEST_SHARE, overwrite: bool = False) -> Imported:
    """Paragraphs of an article are joined by a blank line; `is_impossible` questions become unanswerable.

    The first answer is the reference, and the sentences it stands in are the evidence: a bare "308" would be found
    in any text with that number.
    """
    check_target(target, test_share=test_share, overwrite=overwrite)
    try:
        squad = _SquadFile.model_validate(parse_json(read_text(path)))
    except ValidationError as error:
        faults = describe_errors(error, _SquadFile)
        raise GoldenError([Problem(str(path), None, f"is not SQuAD: {fault}") for fault in faults]) from error
    except ValueError as error:
        raise golden_error(path, f"{error}; name a SQuAD JSON file") from error
    problems: list[Problem] = []
    documents: dict[str, Document] = {}
    drafts: list[Draft] = []
    for number, article in enumerate(squad.data, start=1):
        title = article.title or f"article-{number:04d}"
        title = title if title not in documents else f"{title}#{number}"
        documents[title] = Document(title, GAP.join(paragraph.context for paragraph in article.paragraphs))
        offset = 0
        for paragraph in article.paragraphs:
            place = _Paragraph(title, paragraph.context, offset)
            for question in paragraph.qas:
                drafted = _draft_question(question, place)
                if isinstance(drafted, Draft):
                    drafts.append(drafted)
                else:
                    problems.append(Problem(str(path), None, f"question {question.id!r} {drafted}"))
            offset += len(paragraph.context) + len(GAP)
    if problems:
        raise GoldenError(problems)
    description = f"Imported from SQuAD file {path.name}; evidence is the sentence of the answer."
    return write_golden(
        target,
        list(documents.values()),
        drafts,
        description=description,
        test_share=test_share,
        overwrite=overwrite,
    )


def _draft_question(question: _SquadQuestion, paragraph: _Paragraph) -> Draft | str:
    """The question with its evidence, or what is wrong with it."""
    text = question.question.strip()
    if question.is_impossible:
        return Draft(question.id, text, None, ())
    if not question.answers:
        return "has no answers; add one, or mark it is_impossible"
    answer = question.answers[0]
    start, end = answer.answer_start, answer.answer_start + len(answer.text)
    if start < 0 or not answer.text.strip() or paragraph.text[start:end] != answer.text:
        return f"answer {shorten_quote(answer.text)} does not stand at {start} of its paragraph; mend answer_start"
    first, last = find_sentences(paragraph.text, start, end)
    quote = Quote(paragraph.document, paragraph.text[first:last], paragraph.offset + first, paragraph.offset + last)
    return Draft(question.id, text, answer.text.strip(), (quote,))


def find_sentences(text: str, start: int, end: int) -> tuple[int, int]:
    """Bounds of the sentence or sentences that hold [start, end), without white space around them."""
    cuts = [match.end() for match in SENTENCE_END.finditer(text) if not ABBREVIATION.search(text, 0, match.end())]
    first = max((cut for cut in cuts if cut <= start), default=0)
    last = min((cut for cut in cuts if cut >= end), default=len(text))
    sentence = text[first:last]
    return first + len(sentence) - len(sentence.lstrip()), first + len(sentence.rstrip())
