"""ReportContent -> the blocks of a W&B report: what to use and why in words, then plots that read the sweep's runs."""

from __future__ import annotations

import warnings
from typing import Any

from rag_sweeps.objective import OBJECTIVE
from rag_sweeps.parameters import effective
from rag_sweeps.tracking.report_content import ReportContent, axes, shown_statements
from rag_sweeps.tracking.report_tables import (
    baselines_table,
    costs_table,
    front_table,
    incumbent_text,
    leaderboard_table,
    questions_table,
)

WIDE, HALF = 24, 12
SUMMARY_JOB = "summary"
"""Job type of the run that sums a sweep up: none of its trials."""


def blocks(content: ReportContent) -> list[Any]:
    """In reading order. Makes no request; the run sets look their project up when the report is saved."""
    return [
        *_recommendation(content),
        *_baselines(content),
        *_leaderboard(content),
        *_tradeoff(content),
        *_parameters(content),
        *_costs(content),
        *_questions(content),
        *_method(content),
    ]


def library() -> Any:
    """W&B's classes of report blocks; loosely typed, for their fields are made while they are imported."""
    with warnings.catch_warnings():
        # The library speaks pydantic's first dialect, which its second one warns about.
        warnings.simplefilter("ignore", DeprecationWarning)
        import wandb_workspaces.reports.v2 as reports
    return reports


def _recommendation(content: ReportContent) -> list[Any]:
    v2 = library()
    headline, *others = shown_statements(content)
    return [v2.H2("Recommendation"), v2.CalloutBlock(headline), *([v2.UnorderedList(list(others))] if others else [])]


def _baselines(content: ReportContent) -> list[Any]:
    v2 = library()
    found = baselines_table(content)
    said: list[Any] = [v2.MarkdownBlock(found)] if found else [v2.P("There is no baseline to test against.")]
    if content.incumbent is not None:
        said = [v2.P(incumbent_text(content.incumbent)), *said]
    note = "Differences are paired by question, with 95 % intervals; above 0 the recommended configuration is better."
    return [v2.H2("Against the baselines"), *said, *([v2.P(note)] if found else [])]


def _leaderboard(content: ReportContent) -> list[Any]:
    v2 = library()
    panel = v2.WeavePanelSummaryTable(table_name="leaderboard", layout=v2.Layout(w=WIDE, h=10))
    return [
        v2.H2("Leaderboard"),
        v2.MarkdownBlock(leaderboard_table(content)),
        v2.PanelGrid(runsets=[_summary(content)], panels=[panel], hide_run_sets=True),
        v2.P("Every run, best first:"),
        _grid(content, [], hide=False),
    ]


def _tradeoff(content: ReportContent) -> list[Any]:
    v2 = library()
    found = axes(content)
    plot = v2.ScatterPlot(
        title=f"{found.quality} against {found.cost}; the line is the Pareto front",
        x=v2.SummaryMetric(found.cost),
        y=v2.SummaryMetric(found.quality),
        # Of points sorted by cost, the running best is the front.
        running_ymax=found.upward,
        running_ymin=not found.upward,
        layout=v2.Layout(w=WIDE, h=10),
    )
    said = "On the Pareto front, cheapest first: no other configuration is as cheap and better."
    return [v2.H2("Quality against cost"), _grid(content, [plot]), v2.P(said), v2.MarkdownBlock(front_table(content))]


def _parameters(content: ReportContent) -> list[Any]:
    v2 = library()
    if not content.swept:
        return []
    metric = content.decision.metric
    columns = [v2.ParallelCoordinatesPlotColumn(metric=v2.Config(name)) for name in content.swept]
    columns.append(v2.ParallelCoordinatesPlotColumn(metric=v2.SummaryMetric(metric)))
    lines = v2.ParallelCoordinatesPlot(title="Every trial", columns=columns, layout=v2.Layout(w=WIDE, h=10))
    importance = v2.ParameterImportancePlot(with_respect_to=metric, layout=v2.Layout(y=10, w=WIDE, h=8))
    said = "The importance is W&B's estimate from a random forest; with few trials it is a hint, not a result."
    return [v2.H2("Parameters"), _grid(content, [lines, importance]), v2.P(said)]


def _costs(content: ReportContent) -> list[Any]:
    v2 = library()
    found, costs = costs_table(content), content.decision.recommended.measured.dev.costs
    used = f"In use the recommended configuration costs {costs.usd_per_1k_questions:.4f} USD per 1,000 questions"
    said = f"{used}, without the judge, and {costs.usd_to_index:.4f} USD to index the documents."
    paid = {
        f"usd/{provider}/{purpose}"
        for row in content.decision.rows
        for provider, purposes in row.measured.dev.costs.usd.items()
        for purpose, usd in purposes.items()
        if usd
    }
    plots: list[Any] = [
        v2.BarPlot(
            title=name,
            metrics=[v2.SummaryMetric(name)],
            layout=v2.Layout(x=HALF * (at % 2), y=8 * (at // 2), w=HALF, h=8),
        )
        for at, name in enumerate(sorted(paid))
    ]
    if not plots and not content.billed:
        return [v2.H2("Costs by provider"), v2.P("No provider was asked, and nothing was spent.")]
    return [
        v2.H2("Costs by provider"),
        v2.P(said),
        *([v2.MarkdownBlock(found)] if found else []),
        *([_grid(content, plots)] if plots else []),
    ]


def _questions(content: ReportContent) -> list[Any]:
    v2 = library()
    baseline, found = questions_table(content)
    said: list[Any] = []
    if found:
        said = [
            v2.P(f"Where the recommended configuration and the baseline {baseline} differ most:"),
            v2.MarkdownBlock(found),
        ]
    elif baseline:
        quality = axes(content).quality
        said = [
            v2.P(f"On no question does the {quality} of the recommended configuration differ from that of {baseline}.")
        ]
    panel = v2.WeavePanelSummaryTable(table_name="per_question", layout=v2.Layout(w=WIDE, h=14))
    trial = content.decision.recommended.measured.dev.trial_id
    every = [v2.H3("Every question of the recommended configuration"), _grid(content, [panel], trial_id=trial)]
    return [v2.H2("Questions"), *said, *every]


def _method(content: ReportContent) -> list[Any]:
    v2 = library()
    record, decision, golden = content.outcome.record, content.decision, content.golden
    name = (
        f"{record.golden_name}, digest {golden.digest[:12]}" if content.privacy.full else f"digest {golden.digest[:12]}"
    )
    n_dev, n_test = (len(golden.split(split)) for split in ("dev", "test"))
    items: list[Any] = [
        f"Golden set: {name}; {len(golden.documents)} documents, {n_dev} dev and {n_test} held-out questions.",
        f"Ranked by {decision.metric}, {decision.goal}d, on dev; held-out questions only confirm.",
        f"{len(decision.rows)} configurations measured, baselines among them; {content.n_failed} trials failed, "
        f"{content.n_dropped} were dropped by racing.",
        f"Runs: group {content.group} of {content.address}, begun {record.created}.",
    ]
    if decision.metric == OBJECTIVE:
        used = record.settings
        items.insert(2, f"objective = {used['quality_metric']} - {used['cost_weight']} x {used['cost_metric']}.")
    if content.sweep:
        site = content.address.base_url.replace("//api.wandb.ai", "//wandb.ai")
        items.append(["Sweep: ", v2.Link(content.sweep, url=f"{site}/{content.address}/sweeps/{content.sweep}")])
    chosen = effective(decision.recommended.measured.dev.params)
    kept = {key: value for key, value in chosen.items() if content.privacy.full or key != "golden_set"}
    lines = "\n".join(f"{key}: {value}" for key, value in sorted(kept.items()))
    return [
        v2.H2("How it was measured"),
        v2.UnorderedList(items),
        v2.P("The recommended configuration, every setting that matters for it:"),
        v2.CodeBlock(lines, language="yaml"),
    ]


def _grid(content: ReportContent, panels: list[Any], *, trial_id: str | None = None, hide: bool = True) -> Any:
    v2 = library()
    return v2.PanelGrid(runsets=[_runs(content, trial_id)], panels=panels, hide_run_sets=hide)


def _summary(content: ReportContent) -> Any:
    """The run that holds the sweep's leaderboard as a table."""
    from wandb_workspaces import expr

    wanted = expr.And(expr.Metric("Group") == content.group, expr.Metric("JobType") == SUMMARY_JOB)
    return library().Runset(
        entity=content.address.entity, project=content.address.project, name="summary", filters=wanted
    )


def _runs(content: ReportContent, trial_id: str | None) -> Any:
    """The runs of the sweep and its baselines, best first, or those of one trial."""
    from wandb_workspaces import expr

    v2 = library()
    decision, found = content.decision, axes(content)
    metrics = dict.fromkeys((decision.metric, found.quality, found.cost))
    filters = [expr.Metric("Group") == content.group, expr.Metric("JobType") != SUMMARY_JOB]
    if trial_id is not None:
        filters.append(expr.Config("trial_id") == trial_id)
    return v2.Runset(
        entity=content.address.entity,
        project=content.address.project,
        name="recommended" if trial_id else "trials and baselines",
        filters=expr.And(*filters),
        order=[v2.OrderBy(v2.SummaryMetric(decision.metric), ascending=decision.goal == "minimize")],
        pinned_columns=["run:displayName", f"summary:{decision.metric}"],
        visible_columns=[
            *(f"summary:{name}" for name in metrics if name != decision.metric),
            *(f"config:{name}.value" for name in content.swept),
            "tags:__ALL__",
        ],
        lock_columns=True,
    )
