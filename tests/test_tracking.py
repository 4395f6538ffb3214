"""What a trial leaves with W&B, read back with W&B's own reader, and what it must not leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import DOCUMENTS, Cli, Ran, make_params, sweep_document, write_golden
from store.test_sweeps import record

from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import NAMES
from rag_sweeps.store.sweeps import Asked
from rag_sweeps.tracking.mode import KNOWN_MODES, detect_mode
from rag_sweeps.tracking.wandb_runs import WandbSink
from rag_sweeps.trial import run_trial

KEY = "0123456789abcdef0123456789abcdef01234567"
PARAMETERS = {"retriever": {"value": "bm25"}, "bm25_b": {"min": 0.1, "max": 0.9}}
OFFLINE = {"WANDB_MODE": "offline", "WANDB_API_KEY": KEY, "WANDB_PROJECT": "mine", "WANDB_ENTITY": "us"}
LONG_NAME = "Which of all the chunk sizes that we could think of is the one to use in production? " * 3


@dataclass(frozen=True)
class Run:
    """One offline run as `wandb leet inspect` reads it."""

    folder: Path
    summary: dict[str, Any]
    records: list[dict[str, Any]]

    def table(self, name: str) -> dict[str, Any]:
        (path,) = (self.folder / "files" / "media" / "table").glob(f"{name}_*.table.json")
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded


@dataclass(frozen=True)
class Offline:
    """A sweep of one searched trial and the baseline, in a folder of its own."""

    root: Path
    ran: Ran
    runs: list[Run]

    @property
    def home(self) -> Path:
        return self.root / "home"


def inspect(path: Path, *options: str) -> str:
    wandb = Path(sys.executable).parent / "wandb"
    done = subprocess.run([wandb, "leet", "inspect", "--json", *options, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_run(folder: Path) -> Run:
    (path,) = folder.glob("*.wandb")
    records = [json.loads(line) for line in inspect(path).splitlines()]
    return Run(folder, json.loads(inspect(path, "--summary")), records)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Offline:
    root = tmp_path_factory.mktemp("offline")
    for name in ("work", "user", "tmp"):
        (root / name).mkdir()
    write_golden(root / "work" / "golden")
    (root / "work" / "sweep.yaml").write_text(yaml.safe_dump(sweep_document(PARAMETERS, name=LONG_NAME)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "XDG_"))}
    places = {"HOME": str(root / "user"), "TMPDIR": str(root / "tmp"), "RAG_SWEEPS_HOME": str(root / "home")}
    done = subprocess.run(
        Cli().command("sweep", "sweep.yaml", "--count", 1),
        cwd=root / "work",
        env={**kept, **OFFLINE, **places},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    folders = sorted((root / "home" / "wandb").glob("offline-run-*"))
    return Offline(root, Ran(done.returncode, done.stdout, done.stderr), [read_run(folder) for folder in folders])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_every_trial_is_a_finished_run_in_the_sweeps_group(offline: Offline) -> None:
    assert len(offline.runs) == 2
    (sweep,) = (offline.home / "sweeps").iterdir()
    for run in offline.runs:
        begun = next(record["run"] for record in run.records if record["type"] == "run")
        assert begun["run_group"] == sweep.name
        assert (run.summary["state"], run.summary["exit_code"]) == ("finished", 0)
        assert run.summary["run_id"] == f"{sweep.name}-{run.summary['config']['trial_id'][:10]}"
        assert (run.summary["project"], run.summary["entity"]) == ("mine", "us")
    assert sorted(run.summary["name"].split()[0] for run in offline.runs) == ["000", "001"]


def test_the_objective_is_logged_exactly_once(offline: Offline) -> None:
    for run in offline.runs:
        history = [record["history"]["item"] for record in run.records if record["type"] == "history"]
        assert [("objective" in item) for item in history] == [True]
        assert run.summary["summary"]["objective"] == history[0]["objective"]


def test_what_is_logged_is_what_is_stored(offline: Offline) -> None:
    for run in offline.runs:
        trial_id = run.summary["config"]["trial_id"]
        stored = json.loads((offline.home / "results" / trial_id[:2] / f"{trial_id}.dev.json").read_text())["result"]
        logged = run.summary["summary"]
        for name, (mean, low, high, n) in stored["metrics"].items():
            assert logged[f"{name}/n"] == n
            assert [logged[name], logged[f"{name}/low"], logged[f"{name}/high"]] == pytest.approx([mean, low, high])
        assert logged["n_chunks"] == stored["n_chunks"]
        assert {"index_bytes", "search_ms_p95", "truncated_share", "n_failed", "seconds/retrieval"} <= set(logged)


def test_the_config_holds_every_parameter_and_what_the_numbers_rest_on(offline: Offline) -> None:
    for run in offline.runs:
        config = run.summary["config"]
        assert set(config) >= {*NAMES, "trial_id", "golden_digest", "environment"}
        assert {"python", "wandb", "git_commit", "rag-sweeps"} <= set(config["environment"])
        assert len(config["golden_digest"]) == len(config["trial_id"]) == 64
        assert config["retriever"] == "bm25"


def test_the_table_of_questions_holds_their_passages(offline: Offline) -> None:
    table = offline.runs[0].table("per_question")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert len(rows) == 8
    holiday = next(row for row in rows if row["id"] == "holiday")
    assert "twenty-six days of paid holiday" in holiday["passages"]
    assert "leave.md" in holiday["passages"]
    assert holiday["evidence"] == "twenty-six days of paid holiday"
    assert holiday["relevant"].startswith("1")
    assert holiday["mrr@10"] == 1.0
    assert next(row for row in rows if row["id"] == "dog")["mrr@10"] != 0


def test_the_table_of_cutoffs_has_a_row_for_each(offline: Offline) -> None:
    table = offline.runs[0].table("curve_over_k")
    assert [row[0] for row in table["data"]] == [1, 3, 5, 10, 20]
    assert table["columns"][:3] == ["k", "hit_rate", "mrr"]


def test_golden_set_and_result_are_artifacts(offline: Offline) -> None:
    for run in offline.runs:
        artifacts = {
            record["artifact"]["type"]: record["artifact"] for record in run.records if record["type"] == "artifact"
        }
        assert {"golden-set", "result"} <= set(artifacts)
        entries = json.dumps(artifacts["golden-set"])
        assert all(name in entries for name in (*DOCUMENTS, "questions.jsonl"))
        assert artifacts["golden-set"]["name"] == "golden-golden"
        assert run.summary["config"]["golden_digest"] in entries
        assert run.summary["config"]["trial_id"] in json.dumps(artifacts["result"])


def test_nothing_is_written_outside_home(offline: Offline) -> None:
    assert files(offline.root / "user") == []
    outside = {path.relative_to(offline.root).as_posix() for path in files(offline.root / "work")}
    assert outside == {"work/sweep.yaml", "work/golden/questions.jsonl"} | {
        f"work/golden/documents/{name}" for name in DOCUMENTS
    }
    assert files(offline.root / "tmp") == []


def test_no_key_is_in_any_file(offline: Offline) -> None:
    kept = files(offline.root)
    assert len(kept) > 20
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []
    assert KEY not in offline.ran.out + offline.ran.err


def test_no_pickle_is_in_home(offline: Offline) -> None:
    import numpy as np

    kinds = {path.suffix for path in files(offline.home / "cache")}
    assert kinds <= {".npz", ".sqlite", ".lock"}
    for path in (offline.home / "cache").rglob("*.npz"):
        with np.load(path, allow_pickle=False) as stored:
            assert all(stored[name].dtype != object for name in stored.files)


def test_disabled_writes_nothing_for_wandb(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    done = cli("sweep", write_config(PARAMETERS), "--count", 1, WANDB_MODE="disabled")
    assert done.code == 0
    assert not (home / "wandb").exists()
    assert not Path("wandb").exists()


def test_a_disabled_sink_does_not_call_wandb(golden: GoldenSet, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    monkeypatch.setattr(wandb, "init", lambda *_, **__: pytest.fail("called"))
    result, trial = run_trial(make_params(retriever="bm25"), golden), Asked(0, {}, None)
    WandbSink(detect_mode(), record(), golden, trial).write(result)


def test_a_golden_set_of_any_name_is_tracked(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    name = "Überblick (für alle) " * 8
    write_golden(Path(name))
    path = write_config({**PARAMETERS, "golden_set": {"value": name}})
    done = cli("sweep", path, "--count", 1, WANDB_MODE="offline", HOME=str(home.parent))
    assert done.code == 0, done.err
    assert "W&B did not take" not in done.out
    runs = [read_run(folder) for folder in (home / "wandb").glob("offline-run-*")]
    assert len(runs) == 2
    kept = [record["artifact"] for record in runs[0].records if record["type"] == "artifact"]
    (artifact,) = [each for each in kept if each["type"] == "golden-set"]
    assert len(artifact["name"]) <= 128
    assert re.fullmatch(r"[\w.-]+", artifact["name"], re.ASCII)


def test_a_setting_that_wandb_refuses_is_told(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    environment = {"HOME": str(home.parent), "WANDB_MODE": "offline", "WANDB_BASE_URL": "nonsense"}
    done = cli("sweep", write_config(PARAMETERS), "--count", 1, **environment)
    assert done.code in (0, 2)
    assert "W&B" in done.out + done.err


def test_a_nonsense_mode_is_refused(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    done = cli("sweep", write_config(PARAMETERS), "--count", 1, WANDB_MODE="nonsense")
    assert done.code == 2
    assert "WANDB_MODE='nonsense' is not one of" in done.err
    assert not (home / "sweeps").exists()


@pytest.mark.parametrize(
    ("environment", "wandb", "why"),
    [
        ({"WANDB_MODE": "disabled"}, "disabled", "because WANDB_MODE=disabled"),
        ({"WANDB_MODE": "offline"}, "offline", "because WANDB_MODE=offline"),
        ({"WANDB_MODE": "dryrun"}, "offline", "because WANDB_MODE=dryrun"),
        ({"WANDB_MODE": "offline", "WANDB_API_KEY": KEY}, "offline", "because WANDB_MODE=offline"),
        ({}, "offline", "because no W&B login was found"),
    ],
)
def test_the_mode_says_what_is_on_and_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], wandb: str, why: str
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    mode = detect_mode()
    assert mode.wandb == wandb
    assert mode.line.startswith("local mode: no LLM and no account are used, nothing is spent; ")
    assert mode.line.endswith(why)
    assert "\n" not in mode.line
    assert KEY not in mode.line


def test_a_login_is_noticed_without_telling_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    line = detect_mode().line
    assert line.startswith("online mode: no LLM is used, nothing is spent; ")
    assert "runs go to W&B at https://api.wandb.ai because WANDB_API_KEY is set" in line
    assert KEY not in line


def test_every_mode_of_wandb_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in KNOWN_MODES:
        monkeypatch.setenv("WANDB_MODE", mode)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        assert detect_mode().wandb in ("offline", "disabled", "online")
    monkeypatch.setenv("WANDB_MODE", "ONLINE?")
    with pytest.raises(InputError, match="WANDB_MODE"):
        detect_mode()
