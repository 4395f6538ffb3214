"""What a hosted sweep leaves on the server: tables, artifacts with their lineage, a summary run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import ASKED, DOCUMENTS, Cli
from loopback.server import LoopbackServer
from loopback.state import Run

from hosted.runs import N_SMALL, SMALL, assert_whole, baselines, trials

Write = Callable[..., Path]
Hosted = dict[str, str]
ANSWERING = {**SMALL, "generator": {"value": "extractive"}, "embedding_model": {"value": "lsa-8"}}


def table(run: Run, name: str) -> list[dict[str, Any]]:
    (path,) = (path for path in run.files if path.startswith(f"media/table/{name}_"))
    loaded = json.loads(run.files[path])
    return [dict(zip(loaded["columns"], row, strict=True)) for row in loaded["data"]]


def texts() -> list[str]:
    """Every line of the documents, every question and every quote."""
    lines = [line.strip() for text in DOCUMENTS.values() for line in text.split(". ") if len(line) > 20]
    return [*lines, *(asked[1] for asked in ASKED), *(asked[3] for asked in ASKED if asked[3])]


def received(server: LoopbackServer) -> bytes:
    """Everything that the server was sent: files, artifacts, history, summaries, configs."""
    parts: list[bytes] = []
    for run in server.runs.values():
        parts += [
            *run.files.values(),
            json.dumps([run.config, run.summary, run.history_lines, run.output_lines]).encode(),
        ]
        for artifact in run.logged_artifacts:
            parts += [*artifact.files.values(), json.dumps(artifact.metadata).encode(), artifact.manifest_bytes]
    return b"\n".join(parts)


def test_runs_hold_tables_and_the_sweep_a_summary(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    path = write_config({**SMALL, "logged_rows": {"value": 3}}, method="grid", run_cap=2)
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err
    (one, two) = trials(server)
    assert [row["k"] for row in table(one, "curve_over_k")] == [1, 3, 5, 10, 20]
    rows = table(one, "per_question")
    assert len(rows) == 3
    assert [row["id"] for row in rows] == [row["id"] for row in table(two, "per_question")]
    assert "3" in one.config["logged_rows_rule"]
    assert all(row["question"].endswith("?") for row in rows)
    assert {row["id"] for row in table(one, "failures")} <= {"dog", *(asked[0] for asked in ASKED)}

    (summary,) = (run for run in server.runs.values() if run.job_type == "summary")
    board = table(summary, "leaderboard")
    assert len(board) == 2 + 2
    assert sum(row["recommended"] for row in board) == 1
    (best,) = (row for row in board if row["recommended"])
    assert summary.summary["best/trial_id"] == best["trial_id"]
    kept = [artifact for artifact in summary.logged_artifacts if artifact.type == "configuration"]
    assert len(kept) == 1
    configuration = json.loads(kept[0].files["configuration.json"])
    assert str(configuration["top_k"]) == best["top_k"] or best["top_k"] is None

    lines = len(summary.history)
    assert cli("sweep", path, **hosted).code == 0
    assert len(server.runs[summary.id].history) == lines
    (golden,) = server.artifacts["golden-golden"].versions
    assert set(golden.files) == {"questions.jsonl", *(f"documents/{name}" for name in DOCUMENTS)}
    assert all(golden in run.used_artifacts for run in trials(server))


def test_digests_let_no_text_out_also_of_results_measured_before(
    server: LoopbackServer, hosted: Hosted, write_config: Write, cli: Cli
) -> None:
    open_text = write_config(ANSWERING, method="grid", run_cap=N_SMALL, file="open.yaml")
    assert cli("sweep", open_text, WANDB_MODE="offline", HOME=str(Path.cwd())).code == 0
    path = write_config({**ANSWERING, "logged_text": {"value": "digests"}}, method="grid", run_cap=N_SMALL)
    done = cli("sweep", path, **hosted)
    assert done.code == 0, done.err
    assert len(trials(server)) == N_SMALL
    for run in (*trials(server), *baselines(server)):
        assert_whole(run)
    everything = received(server)
    assert len(everything) > 10_000
    assert [text for text in texts() if json.dumps(text)[1:-1].encode() in everything] == []
    assert [name for name in DOCUMENTS if name.encode() in everything] == []
    assert not any("golden-golden" in name for name in server.artifacts)
    rows = table(trials(server)[0], "per_question")
    assert {len(row["question"]) for row in rows} == {16}
