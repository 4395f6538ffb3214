"""The page is one file that refers to nothing outside, and escapes what it shows."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from plotly.offline import get_plotlyjs

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData, write_report
from rag_sweeps.report.page import render, snippet, trusted

from .made import EVIL, make_report


class Elements(HTMLParser):
    """Start tags with attributes, and the text of each script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    return render(data)


def test_the_file_is_written_whole_and_plotly_is_in_it_once(data: ReportData, path: Path) -> None:
    write_report(data, path)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    assert path.read_text("utf-8").count("plotly.js v") == 1


def test_nothing_refers_to_another_file(html: str) -> None:
    tags = Elements(html).tags
    assert not [attrs for _, attrs in tags if {"src", "srcset", "data"} & attrs.keys()]
    assert not [tag for tag, _ in tags if tag in ("link", "iframe", "img", "object", "base")]
    assert all((attrs.get("href") or "#").startswith("#") for _, attrs in tags)
    ours = html.replace(get_plotlyjs(), "")
    assert "url(" not in ours
    assert "@import" not in ours


def test_evil_text_makes_no_element(html: str) -> None:
    found = Elements(html)
    assert len(found.scripts) == sum(tag == "script" for tag, _ in found.tags) == 3
    json.loads(found.scripts[0])
    assert EVIL not in html


def test_failed_trials_are_listed_with_their_reason(html: str) -> None:
    assert re.search(r"<strong>#9</strong> no model &lt;/script&gt;", html)


def test_a_policy_names_the_two_scripts_and_nothing_else(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html.replace("&#39;", "'"))
    assert policy
    assert "default-src 'none'" in policy[1]
    assert len(re.findall(r"'sha256-", policy[1])) == 2
    assert "eval" not in policy[1]


def test_an_inlined_part_may_not_end_its_element() -> None:
    with pytest.raises(ValueError, match="end tag"):
        trusted("let x = '</SCRIPT>'")


def test_the_snippet_is_yaml_of_the_recommended_configuration(data: ReportData) -> None:
    params = data.decision.recommended.measured.dev.params
    found = yaml.safe_load(snippet(data))["parameters"]
    assert found
    assert all(params[name] == spec["value"] for name, spec in found.items())


def test_too_few_trials_are_said(golden: GoldenSet) -> None:
    assert "No estimate: 1 searched trials are too few" in render(make_report(golden, [{"chunk_size": 64}]))


def test_a_sweep_of_only_one_configuration_has_a_page(golden: GoldenSet, path: Path) -> None:
    from dataclasses import replace

    from rag_sweeps.decision import decide

    whole = make_report(golden)
    only = whole.measured[:1]
    decision = decide(only, metric="objective", goal="maximize")
    write_report(replace(whole, measured=only, decision=decision, swept=(), failures=()), path)
    assert "is not known" in path.read_text("utf-8")


def test_a_metric_of_one_figure_per_trial_has_a_page_without_a_test(golden: GoldenSet) -> None:
    from dataclasses import replace

    from rag_sweeps.decision import decide, statements

    whole = make_report(golden)
    decision = decide(whole.measured, metric="embed_seconds", goal="minimize")
    said = tuple(statements(decision, whole.swept))
    html = render(replace(whole, decision=decision, statements=said))
    assert "no test can tell from chance" in html
    assert not re.search(r"\bnan\b", re.sub(r"<script.*", "", html, flags=re.DOTALL).lower())


def test_a_sweep_of_two_objectives_marks_its_front(golden: GoldenSet) -> None:
    from dataclasses import replace

    from rag_sweeps.decision import decide

    whole = make_report(golden)
    second = ("context_tokens_per_question", "minimize")
    decision = decide(whole.measured, metric="objective", goal="maximize", second=second)  # type: ignore[arg-type]
    html = render(replace(whole, decision=decision))
    assert html.count('<span class="mark front">front</span>') == len(decision.front) > 0
