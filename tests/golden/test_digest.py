from __future__ import annotations

from rag_sweeps.golden import load_golden
from rag_sweeps.golden.digest import digest_golden
from rag_sweeps.records import Document, Question

from .conftest import FEES, TRAVEL, WriteSet, ask, quote

FEE = "The basic fee is 12 euros a month."


def test_the_order_of_lines_does_not_change_the_digest(write_set: WriteSet) -> None:
    lines = [ask("One?", id="a"), ask("Two?", quote("fees.md", FEE, FEES.index(FEE)), id="b")]
    first = load_golden(write_set(lines)).digest
    assert load_golden(write_set(lines[::-1])).digest == first
    assert len(first) == 64


def test_offsets_may_be_given_or_not(write_set: WriteSet) -> None:
    given = load_golden(write_set([ask("?", quote("fees.md", FEE, FEES.index(FEE)))])).digest
    assert load_golden(write_set([ask("?", quote("fees", FEE))])).digest == given


def test_a_quote_that_moves_changes_the_digest(write_set: WriteSet) -> None:
    lines = [ask("?", quote("fees.md", FEE, FEES.index(FEE)))]
    before = load_golden(write_set(lines)).digest
    assert load_golden(write_set(lines, {"fees.md": "New. " + FEES})).digest != before


def test_everything_a_score_could_rest_on_is_part_of_it() -> None:
    base = Question("a", "?", None, (), (), "dev")
    others = [
        Question("b", "?", None, (), (), "dev"),
        Question("a", "??", None, (), (), "dev"),
        Question("a", "?", "x", (), (), "dev"),
        Question("a", "?", None, (), ("t",), "dev"),
        Question("a", "?", None, (), (), "test"),
    ]
    documents = [Document("d", FEES)]
    digests = {digest_golden(documents, [question]) for question in [base, *others]}
    digests |= {digest_golden([Document("d", TRAVEL)], [base]), digest_golden([Document("e", FEES)], [base])}
    assert len(digests) == 8
