"""Parallel coordinates keep distances of numbers and hide no line behind another."""

from __future__ import annotations

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData
from rag_sweeps.report.parallel import BEST, SPREAD, WORST, axis, colour, parallel_coordinates, spread

from .made import SWEPT, make_report


def test_numbers_keep_their_distances() -> None:
    found = axis("chunk_size", [64, 128, 320])
    assert found.heights == (0.0, 0.25, 1.0)
    assert found.ticks == ((0.0, "64"), (0.25, "128"), (1.0, "320"))


def test_whole_numbers_have_whole_ticks() -> None:
    assert [text for _, text in axis("top_k", [1, 2, 3, 5, 8]).ticks] == ["1", "3", "4", "6", "8"]


def test_choices_lie_evenly_in_the_order_of_their_names() -> None:
    found = axis("retriever", ["hybrid", "bm25", "dense"])
    assert found.heights == (1.0, 0.0, 0.5)
    assert found.ticks == ((0.0, "bm25"), (0.5, "dense"), (1.0, "hybrid"))


def test_a_parameter_of_one_value_lies_in_the_middle() -> None:
    assert axis("top_k", [5]).heights == axis("retriever", ["bm25"]).heights == (0.5,)


def test_equal_heights_are_spread_a_little_and_stay_around_their_value() -> None:
    found = spread([0.5, 0.5, 1.0, 0.5])
    assert len(set(found)) == 4
    assert found[2] == 1.0
    assert max(abs(height - 0.5) for height in found if height != 1.0) <= SPREAD / 2 + 1e-12


def test_colour_runs_from_worst_to_best() -> None:
    assert (colour(0.0), colour(1.0)) == (f"rgb{WORST}", f"rgb{BEST}")


def test_every_ranked_configuration_is_a_line_through_every_axis(golden: GoldenSet, data: ReportData) -> None:
    drawn = parallel_coordinates(data)
    assert len(drawn.data) == len(data.measured)
    assert list(drawn.layout.xaxis.ticktext) == [*SWEPT, "objective"]
    assert drawn.data[-1].line.color == f"rgb{BEST}"
    apart = make_report(golden, apart=True)
    assert len(parallel_coordinates(apart).data) == len(apart.measured) - 1
