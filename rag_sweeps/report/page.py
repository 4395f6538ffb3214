"""ReportData -> the HTML file: style, scripts and data inlined, so that it opens from disk without network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from rag_sweeps.report import facts
from rag_sweeps.report.cells import number
from rag_sweeps.report.confirmation import confirmed
from rag_sweeps.report.data import ReportData, key_rows, kind, label, settings, shown_parameters
from rag_sweeps.report.escaping import encodable, to_json
from rag_sweeps.report.figures import interval_rows
from rag_sweeps.report.importance import FEWEST_TRIALS, importance
from rag_sweeps.report.leaderboard import columns, lines
from rag_sweeps.report.payload import payload
from rag_sweeps.report.spending import spending
from rag_sweeps.report.tags import FEW_QUESTIONS, by_tag
from rag_sweeps.report.tradeoffs import cost_axes
from rag_sweeps.store.files import write_text_atomic

PARTS = "rag_sweeps.report"


def write_report(data: ReportData, path: Path) -> None:
    """Write the page; a reader never sees half of one."""
    write_text_atomic(path, render(data))


def render(data: ReportData) -> str:
    """The whole page. Everything from the sweep or the golden set passes autoescape or `to_json`."""
    found = importance(data)
    content = payload(data, found)
    page_js, plotly_js = files(PARTS).joinpath("page.js").read_text("utf-8"), get_plotlyjs()
    environment = Environment(
        loader=PackageLoader(PARTS, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("page.html.j2").render(
        data=data,
        decision=data.decision,
        report=data.golden.report,
        mode=data.mode,
        yaml=snippet(data),
        n_compared=sum(row.comparable for row in data.decision.rows),
        columns=columns(data),
        lines=lines(data),
        failures=[(number_, settings_line(params, data), reason) for number_, params, reason in data.failures],
        figures=content["figures"],
        effects=list(enumerate(data.swept)),
        importance=found,
        fewest_trials=FEWEST_TRIALS,
        n_intervals=len(interval_rows(data.decision)),
        tag_headers=[(label(row.measured), kind(row, data.decision)) for row in key_rows(data.decision)],
        tags=by_tag(data),
        axes=list(enumerate(cost_axes(data))),
        spending=spending(data),
        confirmed=confirmed(data),
        optimism=number(data.decision.optimism),
        few_questions=FEW_QUESTIONS,
        left_out=content["browser"]["left_out"],
        method=facts.method(data),
        counts=facts.counts(data),
        environment=facts.environment(data),
        css=trusted(files(PARTS).joinpath("page.css").read_text("utf-8")),
        payload=to_json(content),
        page_js=trusted(page_js),
        plotly_js=trusted(plotly_js),
        script_sources=" ".join(f"'sha256-{script_hash(script)}'" for script in (page_js, plotly_js)),
    )
    return encodable(html)


def snippet(data: ReportData) -> str:
    """The recommended configuration as the `parameters` of a sweep config, those without effect left out."""
    chosen = settings(data.decision.recommended.measured)
    values = {name: {"value": chosen[name]} for name in shown_parameters(data) if name in chosen}
    text: str = yaml.safe_dump({"parameters": values}, sort_keys=False, allow_unicode=True, default_flow_style=None)
    return text


def settings_line(params: Mapping[str, object], data: ReportData) -> str:
    """The shown parameters of a failed trial in one line; all of them where it has none of those."""
    shown = [name for name in shown_parameters(data) if name in params] or sorted(params)
    return ", ".join(f"{name} {params[name]}" for name in shown)


def script_hash(script: str) -> str:
    """What a Content-Security-Policy names an inline script by: base64 of the SHA-256 of its text."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def trusted(part: str) -> str:
    """Code of ours or of plotly, which the template does not escape. It must not end its own element."""
    if "</script" in part.lower() or "</style" in part.lower():
        raise ValueError("an inlined part of the page holds an end tag; write it as '<\\/'")
    return part
