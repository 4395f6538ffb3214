"""Runs, their files and artifacts, as the real wandb client writes and reads them."""

from __future__ import annotations

import json
from pathlib import Path

from loopback.clients import python, result_of
from loopback.server import LoopbackServer

LOG = """
import wandb
bounded = wandb.Settings(init_timeout=60)
labels = {"tags": ["x"], "group": "g", "job_type": "trial"}
with wandb.init(project="demo", config={"chunk_size": 64}, settings=bounded, **labels) as run:
    run.log({"loss": 1.0})
    run.log({"loss": 0.5})
    run.log({"questions": wandb.Table(columns=["id", "score"], data=[["a", 1.0], ["b", 0.0]])})
    run.summary["objective"] = 0.7
    golden = wandb.Artifact("golden", type="golden-set", metadata={"n": 2})
    with golden.new_file("questions.jsonl") as file:
        file.write("two questions")
    run.log_artifact(golden, aliases=["sealed"]).wait(60)
with wandb.init(project="demo", settings=bounded) as run:
    used = run.use_artifact("golden:sealed")
    used.download("there")
    again = wandb.Artifact("golden", type="golden-set", metadata={"n": 2})
    again.add_dir("there")
    run.log_artifact(again, aliases=["same"]).wait(60)
    changed = wandb.Artifact("golden", type="golden-set")
    with changed.new_file("questions.jsonl") as file:
        file.write("three questions")
    run.log_artifact(changed).wait(60)
with wandb.init(project="demo", id=run.id, resume="must", settings=bounded) as run:
    run.log({"more": 1})
"""

READ = """
import json, wandb
api = wandb.Api(timeout=60)
first, second = api.runs("team/demo", order="+created_at")
golden = api.artifact("team/demo/golden:v0")
print(json.dumps({
    "config": first.config,
    "history": [row["loss"] for row in first.scan_history(keys=["loss"])],
    "sampled": [row["loss"] for row in first.history(keys=["loss"], pandas=False)],
    "files": sorted(file.name for file in first.files()),
    "logged": sorted(artifact.name for artifact in first.logged_artifacts()),
    "used": [artifact.name for artifact in second.used_artifacts()],
    "filtered": len(api.runs("team/demo", filters={"config.chunk_size": 64})),
    "aliases": sorted(golden.aliases),
    "used_by": [run.id for run in golden.used_by()] == [second.id],
    "logged_by": golden.logged_by().id == first.id,
    "versions": [each.version for each in api.artifacts("golden-set", "team/demo/golden")],
}))
"""


def test_a_run_keeps_what_was_logged_and_an_equal_artifact_is_the_same_version(
    server: LoopbackServer, hosted: dict[str, str], tmp_path: Path
) -> None:
    python(LOG, hosted)
    first, second = server.runs.values()
    assert (first.state, first.exit_code, second.state) == ("finished", 0, "finished")
    assert first.config == {"chunk_size": 64}
    assert (first.group, first.job_type, first.tags) == ("g", "trial", ["x"])
    assert first.summary["objective"] == 0.7
    assert [row.get("loss") for row in first.history] == [1.0, 0.5, None]
    assert [row["more"] for row in second.history] == [1]
    table = next(body for name, body in first.files.items() if name.startswith("media/table/questions"))
    assert json.loads(table)["data"] == [["a", 1.0], ["b", 0.0]]
    golden = server.artifacts["golden"]
    assert [version.files for version in golden.versions] == [
        {"questions.jsonl": b"two questions"},
        {"questions.jsonl": b"three questions"},
    ]
    assert golden.versions[0].aliases == ["same", "sealed"]
    assert golden.versions[1].aliases == ["latest"]
    assert golden.versions[0].metadata == {"n": 2}
    assert second.used_artifacts == [golden.versions[0]]
    assert (tmp_path / "there" / "questions.jsonl").read_bytes() == b"two questions"

    assert result_of(python(READ, hosted)) == {
        "config": {"chunk_size": 64},
        "history": [1.0, 0.5],
        "sampled": [1.0, 0.5],
        "files": sorted(first.files),
        "logged": sorted(["golden:v0", first.logged_artifacts[0].name]),
        "used": ["golden:v0"],
        "filtered": 1,
        "aliases": ["same", "sealed"],
        "used_by": True,
        "logged_by": True,
        "versions": ["v1", "v0"],
    }
