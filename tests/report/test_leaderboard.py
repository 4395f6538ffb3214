"""The leaderboard ranks what can be compared and hides nothing."""

from __future__ import annotations

import math

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData
from rag_sweeps.report.cells import NOTHING, bracket, number
from rag_sweeps.report.leaderboard import columns, lines
from rag_sweeps.report.tags import by_tag

from .made import EVIL, make_report


def test_lines_are_in_rank_order_and_baselines_are_named(data: ReportData) -> None:
    found = lines(data)
    assert [line.rank for line in found] == list(range(1, len(found) + 1))
    assert {line.label for line in found} >= {"#0 bm25", "#1 default"}
    assert [line.marks for line in found if "baseline" in line.marks]
    assert all(len(line.cells) == len(columns(data)) for line in found)


def test_exactly_one_line_is_best_and_one_recommended(data: ReportData) -> None:
    said = [mark for line in lines(data) for mark in line.marks]
    assert said.count("best") == said.count("recommended") == 1


def test_another_n_has_no_rank_no_p_and_comes_last(golden: GoldenSet) -> None:
    data = make_report(golden, apart=True)
    last, names = lines(data)[-1], [column.name for column in columns(data)]
    assert (last.rank, last.kind, last.marks) == (None, "apart", ("other n",))
    assert last.cells[names.index("p (Holm)")].text == NOTHING
    assert last.cells[names.index("n")].text == "9"


def test_a_parameter_without_effect_is_a_dash(data: ReportData) -> None:
    names = [column.name for column in columns(data)]
    lexical = next(line for line in lines(data) if line.label == "#0 bm25")
    assert lexical.cells[names.index("embedding_model")].text == NOTHING
    assert lexical.cells[names.index("retriever")].text == "bm25"


def test_columns_appear_only_when_something_fills_them(data: ReportData) -> None:
    names = [column.name for column in columns(data)]
    assert "held out" in names
    assert not {"answer_score", "USD / 1k", "char_iou@5"} & set(names)


def test_every_line_is_compared_with_every_baseline(data: ReportData) -> None:
    names = [column.name for column in columns(data)]
    for line, row in zip(lines(data), data.decision.rows, strict=True):
        for baseline in ("bm25", "default"):
            cell = line.cells[names.index(f"Δ {baseline}")]
            if row.measured.baseline == baseline:
                assert cell.text == NOTHING
                continue
            test = row.versus[baseline]
            assert cell.sort == test.difference.mean
            assert cell.text.endswith("*") == (test.finding in ("better", "worse"))


def test_whiskers_share_one_scale(data: ReportData) -> None:
    drawn = [line.whisker for line in lines(data) if line.whisker]
    assert len(drawn) == len(data.measured)
    assert min(each.low for each in drawn) == 4.0
    assert max(each.high for each in drawn) == 96.0
    assert all(each.low <= each.mean <= each.high for each in drawn)


def test_missing_numbers_are_dashes_and_minus_signs_are_real() -> None:
    assert number(math.nan) == NOTHING
    assert number(-0.5) == "−0.500"
    assert bracket(math.nan, 1.0) == ""


def test_tags_count_defined_questions_and_mark_the_few(data: ReportData) -> None:
    everything, often, rare = by_tag(data)
    assert (everything.tag, everything.n, everything.few) == ("all questions", 11, False)
    assert (often.tag, often.n, often.few) == ("often", 11, True)
    assert rare.tag == f"rare {EVIL}"
    assert rare.n == 6
    assert everything.cells[0].text == number(data.decision.recommended.value.mean)
