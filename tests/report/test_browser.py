"""The page in a real browser: it runs, fetches nothing, fits a phone, and marks exactly the quote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_sweeps.report import ReportData, write_report

from .chromium import HOW_TO_GET, Page, find_chromium, opened_page
from .made import QUOTE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason=HOW_TO_GET),
    pytest.mark.timeout(180),
]

DRAWN = "[...document.querySelectorAll('.plot')].every((box) => box.querySelector('.main-svg'))"


@pytest.fixture(scope="module")
def written(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(data, path)
    return path


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with opened_page() as opened:
        yield opened


def errors(page: Page) -> object:
    return page.evaluate("document.documentElement.dataset.error ?? null")


def draw_all(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait(DRAWN)


def test_every_plot_is_drawn_without_an_error_and_without_a_request(page: Page, written: Path) -> None:
    page.requests.clear()
    page.open(written)
    assert not page.evaluate(DRAWN), "plots below the fold wait until they are scrolled into view"
    draw_all(page)
    assert errors(page) is None
    assert set(page.requests) == {written.as_uri()}
    assert page.evaluate("document.querySelectorAll('script').length") == 3


def test_no_button_uploads_a_chart(page: Page, written: Path) -> None:
    """A headless browser has no pointer, and without one the page shows no buttons: it is told that there is one."""
    hover = (
        "{ const real = matchMedia;"
        " window.matchMedia = (query) => (query === '(hover: hover)' ? { matches: true } : real(query)); }"
    )
    script = page.call("Page.addScriptToEvaluateOnNewDocument", source=hover)["identifier"]
    page.open(written)
    draw_all(page)
    page.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    titles = page.evaluate("[...document.querySelectorAll('.modebar-btn')].map((each) => each.dataset.title)")
    assert set(titles) == {"Zoom in", "Zoom out", "Reset axes", "Download plot as a PNG"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1400])
def test_the_page_never_scrolls_sideways(page: Page, written: Path, width: int, scheme: str) -> None:
    page.open(written, width=width, scheme=scheme)
    draw_all(page)
    page.evaluate("document.querySelector('tr.line').click()")
    page.evaluate("document.querySelectorAll('.question summary').forEach((each) => each.click())")
    page.wait("document.querySelectorAll('.passage').length > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert errors(page) is None


def test_plots_follow_the_colour_scheme(page: Page, written: Path) -> None:
    page.open(written)
    draw_all(page)
    colour = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    light = page.evaluate(colour)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    page.wait(f"{colour} !== '{light}'")
    assert errors(page) is None


def test_a_highlight_is_exactly_the_quote(page: Page, written: Path) -> None:
    page.open(written)
    page.evaluate("document.querySelector('.question summary').click()")
    page.wait("document.querySelectorAll('.passage').length > 0")
    assert page.evaluate("[...document.querySelectorAll('.question[open] mark')].map((m) => m.textContent)") == [QUOTE]
    assert page.evaluate("document.querySelector('.question[open] blockquote').firstChild.textContent") == QUOTE
    passage = page.evaluate("document.querySelector('.passage.relevant .text').textContent")
    assert passage.endswith(f"Here is {QUOTE}, and")


def test_filters_find_questions_and_evil_text_stays_text(page: Page, written: Path) -> None:
    page.open(written)
    change = (
        "(id, value) => { const field = document.getElementById(id); field.value = value;"
        " field.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    shown = "document.querySelectorAll('.question').length"
    assert page.evaluate(shown) == 12
    page.evaluate(f"({change})('filter-state', 'unanswerable')")
    assert page.evaluate(shown) == 1
    page.evaluate(f"({change})('filter-state', 'all'); ({change})('filter-text', 'onerror=alert')")
    assert page.evaluate(shown) == 12, "every answer holds it"
    page.evaluate(f"({change})('filter-text', 'dataset.error=')")
    page.evaluate("document.querySelectorAll('.question summary').forEach((each) => each.click())")
    page.wait("document.querySelectorAll('.passage').length > 0")
    assert page.evaluate("document.images.length") == 0
    assert errors(page) is None


def test_the_leaderboard_sorts_and_opens_by_keyboard(page: Page, written: Path, data: ReportData) -> None:
    page.open(written)
    order = "[...document.querySelectorAll('tr.line')].map((line) => Number(line.dataset.number))"
    assert page.evaluate(order) == [row.measured.number for row in data.decision.rows]
    header = "document.querySelectorAll('#board thead button')[1]"
    page.evaluate(f"{header}.focus()")
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert page.evaluate(order) == sorted(entry.number for entry in data.measured)
    assert page.evaluate(f"{header}.closest('th').getAttribute('aria-sort')") == "ascending"
    page.evaluate("document.querySelector('tr.line .open').click()")
    assert page.evaluate("document.querySelector('tr.line .open').getAttribute('aria-expanded')") == "true"
    assert "hit_rate@10" in page.evaluate("document.querySelector('tr.detail').textContent")
    page.evaluate("document.querySelector('tr.line .open').click()")
    assert page.evaluate("document.querySelector('tr.detail')") is None
