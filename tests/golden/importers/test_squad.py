from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenError, load_golden
from rag_sweeps.golden.importers import import_squad
from rag_sweeps.golden.importers.squad import find_sentences

FIRST = "Rivers flow. The Elbe, 1,094 km long, rises in the Giant Mountains. It ends near Cuxhaven."
SECOND = 'Dr. Weiss said "no." Then it rained.'


def write(path: Path, *questions: Mapping[str, object], **more: object) -> Path:
    paragraphs = [{"context": FIRST, "qas": []}, {"context": SECOND, "qas": list(questions)}]
    path.write_text(json.dumps({"version": "x", "data": [{"title": "Elbe", "paragraphs": paragraphs, **more}]}))
    return path


def answer(text: str, start: int | None = None) -> dict[str, object]:
    return {"text": text, "answer_start": SECOND.index(text) if start is None else start}


def test_an_article_is_a_document_and_evidence_a_sentence(tmp_path: Path) -> None:
    asked = {"id": "a", "question": " Who? ", "answers": [answer("Weiss"), answer("Dr. Weiss")]}
    impossible = {"id": "b", "question": "Why?", "answers": [], "is_impossible": True, "plausible_answers": []}
    import_squad(write(tmp_path / "s.json", asked, impossible), tmp_path / "set")
    golden = load_golden(tmp_path / "set")
    assert [(document.id, document.text) for document in golden.documents] == [("Elbe", f"{FIRST}\n\n{SECOND}")]
    first, second = golden.questions
    assert (first.text, first.answer, first.evidence[0].quote) == ("Who?", "Weiss", 'Dr. Weiss said "no."')
    assert (second.answer, second.evidence) == (None, ())
    assert golden.report.moved == ()


@pytest.mark.parametrize(
    ("text", "answer_text", "sentence"),
    [
        (FIRST, "1,094 km", "The Elbe, 1,094 km long, rises in the Giant Mountains."),
        (FIRST, "Rivers", "Rivers flow."),
        (FIRST, "Cuxhaven", "It ends near Cuxhaven."),
        (FIRST, "long, rises in the Giant Mountains. It", FIRST[13:]),
        ("One. J. Smith of St. Ives came. Two.", "Ives", "J. Smith of St. Ives came."),
        ("It cost 3.5 euros! Really?  Yes.", "Really", "Really?"),
        ("  no end  ", "end", "no end"),
    ],
)
def test_sentences_hold_the_answer_and_no_white_space_around_them(text: str, answer_text: str, sentence: str) -> None:
    start = text.index(answer_text)
    first, last = find_sentences(text, start, start + len(answer_text))
    assert text[first:last] == sentence


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"id": "a", "question": "?", "answers": [answer("Weiss", 0)]}, '"Weiss" does not stand at 0 of its paragraph'),
        ({"id": "a", "question": "?", "answers": []}, "question 'a' has no answers"),
        ({"id": "a"}, r"'data\[0\].paragraphs\[1\].qas\[0\].question' is missing"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, question: dict[str, object], said: str) -> None:
    with pytest.raises(GoldenError, match=said):
        import_squad(write(tmp_path / "s.json", question), tmp_path / "set")


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"none\.json: cannot be read"):
        import_squad(tmp_path / "none.json", tmp_path / "set")
    (tmp_path / "s.json").write_text("{")
    with pytest.raises(GoldenError, match=r"s\.json: is not JSON"):
        import_squad(tmp_path / "s.json", tmp_path / "set")
