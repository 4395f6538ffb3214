"""Figures show what was measured, and say nothing where there is nothing to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag_sweeps.decision import decide
from rag_sweeps.decision.front import pareto_by_price
from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData
from rag_sweeps.report.effects import effect
from rag_sweeps.report.figures import hit_rate_curve, intervals
from rag_sweeps.report.importance import importance, importance_figure
from rag_sweeps.report.payload import figures, plain_figure
from rag_sweeps.report.tradeoffs import CURRENCIES, cost_axes, tradeoff

from .made import make_report


def test_every_configuration_is_drawn_once_with_its_interval(data: ReportData) -> None:
    drawn = intervals(data)
    names = [name for trace in drawn.data for name in trace.y]
    assert sorted(names) == sorted(
        f"#{entry.number}" + (f" {entry.baseline}" if entry.baseline else "") for entry in data.measured
    )
    # Plotly would read "#7" as the number 7.
    assert drawn.layout.yaxis.type == "category"


def test_figures_leave_the_template_to_the_page(data: ReportData) -> None:
    assert all("template" not in plain_figure(drawn)["layout"] for drawn in figures(data, importance(data)).values())


def test_an_effect_leaves_out_configurations_that_do_not_feel_the_parameter(data: ReportData) -> None:
    points = effect(data, "embedding_model").data[-1]
    n_dense = sum(entry.dev.params["retriever"] != "bm25" for entry in data.measured)
    assert len(points.x) == n_dense < len(data.measured)


def test_numbers_are_a_scatter_and_words_have_boxes(data: ReportData) -> None:
    assert [trace.type for trace in effect(data, "chunk_size").data] == ["scatter"]
    assert [trace.type for trace in effect(data, "retriever").data] == ["box", "scatter"]


def test_importance_needs_four_searched_trials(golden: GoldenSet) -> None:
    found = importance(make_report(golden, [{"chunk_size": 64}, {"chunk_size": 90}, {"chunk_size": 200}]))
    assert not found.shares
    assert found.problem == "3 searched trials are too few; it takes 4"


def test_importance_says_when_all_values_are_equal(golden: GoldenSet) -> None:
    found = importance(make_report(golden, equal=True))
    assert found.problem == "all trials have the same value, so no parameter explains a difference"


def test_importance_is_repeatable_and_sums_to_one(data: ReportData) -> None:
    found = importance(data)
    assert found == importance(data)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert list(found.shares.values()) == sorted(found.shares.values(), reverse=True)


def test_importance_tells_how_far_it_can_be_trusted(data: ReportData) -> None:
    found = importance(data)
    assert set(found.ranges) == set(found.shares)
    assert all(0 <= low <= high <= 1 for low, high in found.ranges.values())
    assert 0 <= found.n_first <= found.n_resamples == 20
    (bars,) = importance_figure(found).data
    assert all(each >= 0 for each in (*bars.error_x.array, *bars.error_x.arrayminus))


def test_costs_are_drawn_where_configurations_differ(golden: GoldenSet, data: ReportData) -> None:
    free = [axis.metric for axis in cost_axes(data)]
    assert free == ["context_tokens_per_question", "embed_seconds"]
    paid = [axis.metric for axis in cost_axes(make_report(golden, paid=True))]
    assert paid == ["usd_per_1k_questions", "answer_ms_p50", *free]


def test_a_second_objective_is_drawn_first(data: ReportData) -> None:
    decision = decide(data.measured, metric="objective", goal="maximize", second=("embed_seconds", "minimize"))
    assert cost_axes(replace(data, decision=decision))[0].metric == "embed_seconds"
    more = decide(data.measured, metric="objective", goal="maximize", second=("hit_rate@1", "maximize"))
    axis = cost_axes(replace(data, decision=more))[0]
    assert (axis.metric, axis.goal) == ("hit_rate@1", "maximize")
    front = tradeoff(replace(data, decision=more), axis).data[0]
    assert list(front.x)[:-1] == sorted(front.x[:-1], reverse=True)


def test_a_configuration_without_a_cost_is_left_out_of_its_plot(golden: GoldenSet) -> None:
    report = make_report(golden, paid=True)
    axis = next(axis for axis in cost_axes(report) if axis.metric == "answer_ms_p50")
    drawn = sum(len(trace.x) for trace in tradeoff(report, axis).data[1:])
    assert drawn == len(report.measured) - 1


def test_the_pareto_front_has_no_row_that_another_beats(data: ReportData) -> None:
    rows = list(data.decision.rows)
    price = {row.measured.number: float(at % 3) for at, row in enumerate(rows)}
    front = pareto_by_price(rows, price, goal=data.decision.goal)
    beaten = [
        row
        for row in rows
        if any(
            price[other.measured.number] <= price[row.measured.number]
            and other.value.mean >= row.value.mean
            and (price[other.measured.number], other.value.mean) != (price[row.measured.number], row.value.mean)
            for other in rows
        )
    ]
    assert not [row for row in front if row in beaten]
    assert {(price[r.measured.number], r.value.mean) for r in rows if r not in beaten} == {
        (price[r.measured.number], r.value.mean) for r in front
    }


def test_the_curve_shows_key_configurations_and_offers_the_others(data: ReportData) -> None:
    drawn = hit_rate_curve(data)
    shown = [trace.name for trace in drawn.data if trace.visible is True]
    assert {"#0 bm25", "#1 default"} <= {name.replace(" recommended", "").replace(" best", "") for name in shown}
    assert len(drawn.data) == len(data.measured)
    assert list(drawn.data[0].x) == [1, 3, 5, 10, 20]


def test_another_n_is_drawn_as_such(golden: GoldenSet) -> None:
    report = make_report(golden, apart=True)
    assert "other n" in [trace.name for trace in tradeoff(report, CURRENCIES[-1]).data]


def test_no_label_of_a_figure_can_hold_markup(golden: GoldenSet) -> None:
    report = make_report(
        golden, [{"embedding_model": f"<a href='http://x'>{at}</a>", "chunk_size": at} for at in (9, 10)]
    )
    for drawn in figures(report, importance(report)).values():
        assert "<a href" not in drawn.to_json().encode().decode("unicode_escape")
