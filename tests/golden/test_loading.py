from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag_sweeps.errors import EXIT_INPUT
from rag_sweeps.golden import GoldenError, load_golden
from rag_sweeps.records import Span

from .conftest import FEES, TRAVEL, WriteSet, ask, quote

FEE = "The basic fee is 12 euros a month."
FREE = "Cancelling is free of charge."


def test_a_hand_written_set_needs_no_manifest(write_set: WriteSet) -> None:
    asked = ask("Fee?", quote("fees.md", FEE, FEES.index(FEE)), answer="12 euros", tags=["money"], split="test", id="a")
    golden = load_golden(write_set([asked, ask("Colour?", answer=None)]))
    first, second = golden.questions
    assert golden.name == "set"
    assert [document.id for document in golden.documents] == ["fees.md", "trips/travel.md"]
    assert (first.id, first.answer, first.tags, first.split) == ("a", "12 euros", ("money",), "test")
    assert first.evidence[0].spans == (Span(0, FEES.index(FEE), FEES.index(FEE) + len(FEE)),)
    assert (second.id, second.evidence, second.split) == ("q0002", (), "dev")
    report = golden.report
    assert (report.n_documents, report.n_questions, report.n_unanswerable, report.n_evidence) == (2, 2, 1, 1)
    assert (report.by_tag, report.by_split, report.sealed) == ({"money": 1}, {"dev": 1, "test": 1}, "unsealed")
    assert report.n_words == len((FEES + TRAVEL).split())
    assert golden.split("test") == (first,)
    assert golden.split("dev") == (second,)


def test_the_same_text_elsewhere_is_an_alternative(write_set: WriteSet) -> None:
    golden = load_golden(write_set([ask("Cancel?", quote("trips/travel.md", FREE, TRAVEL.index(FREE)))]))
    spans = golden.questions[0].evidence[0].spans
    assert [span.doc for span in spans] == [1, 0]
    assert {golden.documents[span.doc].text[span.start : span.end] for span in spans} == {FREE}
    assert golden.report.n_alternatives == 1


def test_a_quote_of_two_words_has_no_alternatives(write_set: WriteSet) -> None:
    golden = load_golden(write_set([ask("How?", quote("fees.md", "of charge", FEES.index("of charge")))]))
    assert len(golden.questions[0].evidence[0].spans) == 1
    assert (golden.report.short_quotes, golden.report.n_alternatives) == (1, 0)


def test_a_quote_without_offsets_is_anchored_and_reported(write_set: WriteSet) -> None:
    golden = load_golden(write_set([ask("Fee?", quote("fees.md", FEE))]))
    assert golden.questions[0].evidence[0].spans[0].start == FEES.index(FEE)
    assert [item.start for item in golden.report.anchored] == [FEES.index(FEE)]
    assert golden.report.moved == ()


def test_a_quote_without_offsets_that_stands_twice_asks_for_them(write_set: WriteSet) -> None:
    folder = write_set([ask("?", quote("a.md", "one two three"))], {"a.md": "one two three, one two three"})
    with pytest.raises(GoldenError, match=r"questions\.jsonl:1: .*stands 2 times in 'a\.md'; add start and end"):
        load_golden(folder)


def test_a_moved_quote_is_reported_and_no_error(write_set: WriteSet) -> None:
    golden = load_golden(write_set([ask("Fee?", quote("fees.md", FEE, 3), id="a")]))
    (moved,) = golden.report.moved
    assert (moved.question_id, moved.document, moved.quote) == ("a", "fees.md", FEE)
    assert (moved.from_start, moved.to_start, moved.to_document) == (3, FEES.index(FEE), "fees.md")


def test_a_quote_follows_its_text_into_a_renamed_document(write_set: WriteSet) -> None:
    golden = load_golden(write_set([ask("Fee?", quote("prices.md", FEE, 8))]))
    (moved,) = golden.report.moved
    assert (moved.document, moved.to_document, moved.to_start) == ("prices.md", "fees.md", FEES.index(FEE))


def test_a_reflowed_quote_spans_the_text_as_it_is_now(write_set: WriteSet) -> None:
    reflowed = FEES.replace("fee is 12", "fee\r\n  is 12")
    golden = load_golden(write_set([ask("Fee?", quote("fees.md", FEE, 8))], {"fees.md": reflowed}))
    evidence = golden.questions[0].evidence[0]
    assert evidence.quote == FEE.replace("fee is 12", "fee\r\n  is 12")
    assert len(golden.report.moved) == 1


def test_a_quote_that_is_gone_is_an_error_that_names_it(write_set: WriteSet) -> None:
    folder = write_set([ask("Fee?", quote("fees.md", "The fee is 14 euros", 8), id="a")])
    with pytest.raises(GoldenError, match=r"jsonl:1: question 'a': quote \"The fee is 14 euros\" is gone") as error:
        load_golden(folder)
    assert error.value.exit_code == EXIT_INPUT


def test_a_missing_document_is_named_with_the_nearest_one(write_set: WriteSet) -> None:
    with pytest.raises(GoldenError, match=r"'fee\.md' does not exist.*did you mean 'fees\.md'\?"):
        load_golden(write_set([ask("Fee?", quote("fee.md", "not anywhere here", 8))]))


def test_a_lost_quote_that_is_in_two_other_documents_is_an_error(write_set: WriteSet) -> None:
    with pytest.raises(GoldenError, match=r"in 2 others \('fees\.md', 'trips/travel\.md'\); name the one you mean"):
        load_golden(write_set([ask("Cancel?", quote("gone.md", FREE, 8))]))


@pytest.mark.parametrize("name", ["fees.md", "documents/fees.md", "fees", "documents/fees"])
def test_a_document_may_be_named_with_its_folder_or_without_its_suffix(write_set: WriteSet, name: str) -> None:
    golden = load_golden(write_set([ask("Fee?", quote(name, FEE, FEES.index(FEE)))]))
    assert golden.report.moved == ()
    assert golden.questions[0].evidence[0].spans[0].doc == 0


def test_a_name_without_suffix_that_two_documents_share_is_an_error(write_set: WriteSet) -> None:
    folder = write_set([ask("?", quote("a", "nowhere at all", 0))], {"a.md": "x", "a.txt": "y"})
    with pytest.raises(GoldenError, match=r"may be 'a\.md' or 'a\.txt'; write the suffix"):
        load_golden(folder)


def test_overlapping_evidence_stays_separate(write_set: WriteSet) -> None:
    start = FEES.index(FEE)
    golden = load_golden(write_set([ask("?", quote("fees.md", FEE, start), quote("fees.md", FEE[4:], start + 4))]))
    assert len(golden.questions[0].evidence) == 2
    assert golden.report.warnings == ()


def test_the_same_evidence_twice_is_dropped_with_a_warning(write_set: WriteSet) -> None:
    twice = [quote("fees.md", FEE, FEES.index(FEE)), quote("fees.md", FEE)]
    golden = load_golden(write_set([ask("?", *twice)]))
    assert len(golden.questions[0].evidence) == 1
    assert "has the evidence" in golden.report.warnings[0]


def test_evidence_that_is_an_alternative_of_another_is_the_same_evidence(write_set: WriteSet) -> None:
    both = [quote("fees.md", FREE, FEES.index(FREE)), quote("trips/travel.md", FREE, TRAVEL.index(FREE))]
    golden = load_golden(write_set([ask("?", *both)]))
    assert [len(piece.spans) for piece in golden.questions[0].evidence] == [2]
    assert len(golden.report.warnings) == 1


def test_every_problem_is_listed_up_to_twenty(write_set: WriteSet) -> None:
    folder = write_set([ask("?", quote("fees.md", f"gone {number} for good", 0)) for number in range(33)])
    with pytest.raises(GoldenError) as error:
        load_golden(folder)
    lines = str(error.value).split("\n")
    assert len(lines) == 21
    assert lines[-1] == "and 13 more"
    assert len(error.value.problems) == 33


def test_a_folder_or_file_that_is_missing_is_named(tmp_path: Path, write_set: WriteSet) -> None:
    with pytest.raises(GoldenError, match="nowhere: is no folder"):
        load_golden(tmp_path / "nowhere")
    folder = write_set([ask()])
    (folder / "questions.jsonl").unlink()
    with pytest.raises(GoldenError, match=r"questions\.jsonl: is missing"):
        load_golden(folder)


def test_broken_documents_are_reported_once_and_not_as_lost_quotes(write_set: WriteSet) -> None:
    folder = write_set([ask("Fee?", quote("fees.md", FEE, FEES.index(FEE)))])
    (folder / "documents" / "fees.md").write_bytes(b"fine\ncaf\xe9")
    with pytest.raises(GoldenError) as error:
        load_golden(folder)
    assert str(error.value) == f"{folder / 'documents' / 'fees.md'}:2: byte 0xe9 is not UTF-8; save the file as UTF-8"


def test_offsets_count_code_points_and_not_a_byte_order_mark(write_set: WriteSet) -> None:
    text = "😀 e\u0301t\u00e9\r\nThe answer stands here.\r\n"
    phrase = "The answer stands here."
    folder = write_set([ask("?", quote("a.md", phrase, text.index(phrase)))], {"a.md": "\ufeff" + text})
    golden = load_golden(folder)
    assert golden.documents[0].text == text
    assert golden.report.moved == ()


def test_relative_and_absolute_folders_give_the_same_set(write_set: WriteSet, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set([ask("Fee?", quote("fees.md", FEE))])
    monkeypatch.chdir(folder.parent)
    assert load_golden(Path("set")).digest == load_golden(folder).digest
    os.chdir(folder)
    assert load_golden(Path(".")).name == "set"
