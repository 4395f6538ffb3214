"""`rag-sweeps report --wandb`: one report of a sweep, made once and then written anew in the same place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conftest import ASKED, DOCUMENTS, Cli
from loopback.server import LoopbackServer
from loopback.state import Report

from hosted.runs import N_SMALL, SMALL

Write = Callable[..., Path]
Hosted = dict[str, str]


def run_sweep(cli: Cli, hosted: Hosted, path: Path) -> str:
    """ENTITY/PROJECT/ID of the sweep."""
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err
    return next(line for line in done.out.splitlines() if line.startswith("sweep team/")).split()[1]


def panels(report: Report) -> dict[str, dict[str, Any]]:
    """View type -> the panel's config."""
    return {
        panel["viewType"]: panel["config"]
        for block in report.spec["blocks"]
        if block["type"] == "panel-grid"
        for panel in block["metadata"]["panelBankSectionConfig"]["panels"]
    }


def words(report: Report) -> str:
    """Everything that a person reads, one block per line."""
    return "\n".join(filter(None, (" ".join(_texts(block)) for block in report.spec["blocks"])))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (str(node[key]) for key in ("text", "content") if isinstance(node.get(key), str))
        for child in node.get("children") or node.get("lines") or ():
            yield from _texts(child)
    elif isinstance(node, str):
        yield node


def test_a_report_says_what_to_use_and_is_updated_in_place(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli, tmp_path: Path
) -> None:
    sweep = run_sweep(cli, hosted, write_config(SMALL, method="grid", run_cap=N_SMALL))
    first = cli("report", "--wandb", sweep, **hosted)
    assert first.code == 0, first.err
    (report,) = server.reports
    assert first.out.splitlines()[-1].startswith(f"report written: {server.url}/team/rag-sweeps/reports/")
    assert "W&B holds" not in first.out
    said = words(report)
    decision = cli("results", "--json").json["decision"]
    for statement in decision["statements"]:
        assert statement in said
    for heading in ("Against the baselines", "Leaderboard", "Quality against cost", "Parameters", "Questions"):
        assert heading in said.splitlines()
    shown = panels(report)
    (columns,) = (shown["Parallel Coordinates Plot"]["columns"],)
    assert [each["accessor"] for each in columns] == [
        "config:retriever.value",
        "config:top_k.value",
        "summary:objective",
    ]

    again = cli("report", "--wandb", **hosted)
    assert again.code == 0, again.err
    assert again.out.splitlines()[-1] == first.out.splitlines()[-1].replace("written", "updated")
    (same,) = server.reports
    assert (same.id, same.saves) == (report.id, 2)

    # A machine that measured nothing knows as much, and writes to the same report.
    elsewhere = cli("report", "--wandb", sweep, **{**hosted, "RAG_SWEEPS_HOME": str(tmp_path / "elsewhere")})
    assert elsewhere.code == 0, elsewhere.err
    assert elsewhere.out.splitlines()[-1] == again.out.splitlines()[-1]
    assert [each.saves for each in server.reports] == [3]
    assert words(server.reports[0]).splitlines()[1].startswith(decision["statements"][0].split(";")[0])

    report.project.reports.clear()
    anew = cli("report", "--wandb", sweep, **hosted)
    assert anew.code == 0, anew.err
    assert anew.out.splitlines()[-1].startswith("report written: ")
    assert [(each.id != report.id, each.saves) for each in server.reports] == [(True, 1)]


def test_a_local_sweep_is_reported_without_its_texts_or_one_message_says_why_not(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    private = {"logged_text": {"value": "digests"}}
    assert cli("sweep", write_config({**SMALL, **private}, method="grid", run_cap=2)).code == 0

    away = cli("report", "--wandb")
    assert (away.code, len(away.err.strip().splitlines())) == (2, 1)
    assert "a W&B report needs W&B: set WANDB_API_KEY" in away.err
    gone = cli("report", "--wandb", "team/rag-sweeps/gone1234", **hosted)
    assert gone.code == 2
    assert "team/rag-sweeps/gone1234" in gone.err

    done = cli("report", "--wandb", **hosted)
    assert done.code == 0, done.err
    assert "W&B holds 0 runs of the " in done.out
    (report,) = server.reports
    spec = json.dumps(report.spec)
    for name, question, document, quote in ASKED:
        assert question not in spec
        assert f"| {name} |" not in spec
        assert document is None or document not in spec
        assert quote is None or quote not in spec
    assert not any(text in spec for text in DOCUMENTS.values())

    server.stop_listening()
    began = time.monotonic()
    down = cli("report", "--wandb", **hosted)
    assert (down.code, len(down.err.strip().splitlines())) == (1, 1)
    assert "W&B did not" in down.err
    assert time.monotonic() - began < 90
