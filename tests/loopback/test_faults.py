"""Faults, as the real clients live through them."""

from __future__ import annotations

import sys
from pathlib import Path

from loopback.clients import python, result_of, run
from loopback.server import LoopbackServer

RUN = """
import wandb
with wandb.init(entity="team", project="demo", settings=wandb.Settings(init_timeout=60)) as run:
    run.log({"objective": 1.0})
    artifact = wandb.Artifact("golden", type="golden-set")
    with artifact.new_file("questions.jsonl") as file:
        file.write("questions")
    run.log_artifact(artifact)
"""

GIVE_UP = """
import wandb
wandb.init(entity="team", project="demo", settings=wandb.Settings(init_timeout=3))
"""

OFFLINE = """
import wandb
with wandb.init(entity="team", project="demo", mode="offline", config={"k": 1}) as run:
    run.log({"objective": 1.0})
    run.log({"questions": wandb.Table(columns=["id"], data=[["a"]])})
"""

REFUSED = """
import json, wandb
from wandb.errors import Error

def refusal(ask):
    try:
        ask()
    except (Error, ValueError) as problem:
        return str(problem)

api = wandb.Api(timeout=60)
api.create_project("demo", "team")
print(json.dumps({
    "sweep": refusal(lambda: api.sweep("team/demo/missing")),
    "run": refusal(lambda: api.run("team/demo/missing")),
    "artifact": refusal(lambda: api.artifact("team/demo/missing:v0")),
    "entity": refusal(lambda: wandb.init(entity="strangers", project="demo")),
}))
"""


def test_a_run_outlives_one_fault_of_each_kind(server: LoopbackServer, hosted: dict[str, str]) -> None:
    faults = [
        server.faults.add("rate_limit", match="UpsertBucket", seconds=1),
        server.faults.add("lose_response", match="UpsertBucket"),
        server.faults.add("refuse", match="file_stream"),
        server.faults.add("error", match="CommitArtifact"),
        server.faults.add("unavailable", match="/storage/artifact"),
        server.faults.add("stall", match="CreateRunFiles", seconds=0.5),
    ]
    python(RUN, hosted)
    assert [(fault.kind, fault.seen) for fault in faults] == [(fault.kind, 1) for fault in faults]
    (kept,) = server.runs.values()
    assert (kept.state, kept.summary["objective"]) == ("finished", 1.0)
    assert [row["objective"] for row in kept.history] == [1.0]
    assert [version.files for version in server.artifacts["golden"].versions] == [{"questions.jsonl": b"questions"}]
    assert [request.fault for request in server.requests if request.fault] != []


def test_a_dead_server_comes_back_on_its_port(server: LoopbackServer, hosted: dict[str, str]) -> None:
    url = server.url
    server.stop_listening()
    python(GIVE_UP, hosted, fails=True)
    assert server.runs == {}
    server.start_listening()
    assert server.url == url
    python(GIVE_UP, hosted)
    assert len(server.runs) == 1


def test_a_wrong_key_is_refused(server: LoopbackServer, hosted: dict[str, str]) -> None:
    said = python("import wandb\nwandb.login(verify=True)", {**hosted, "WANDB_API_KEY": "f" * 40}, fails=True)
    assert "not logged in" in said
    assert server.runs == {}


def test_what_is_not_there_is_refused_by_name(server: LoopbackServer, hosted: dict[str, str]) -> None:
    said = result_of(python(REFUSED, hosted))
    assert "Could not find sweep" in said["sweep"]
    assert "Could not find run" in said["run"]
    assert "missing" in said["artifact"]
    assert "strangers not found" in said["entity"]


def test_an_offline_run_arrives_when_it_is_synced(
    server: LoopbackServer, hosted: dict[str, str], tmp_path: Path
) -> None:
    python(OFFLINE, hosted)
    assert {request.name.partition("/v1/")[0] for request in server.requests} <= {"/sdk/otel"}
    (folder,) = Path(hosted["WANDB_DIR"]).glob("wandb/offline-run-*")
    synced = run([sys.executable, "-m", "wandb", "sync", str(folder)], hosted)
    assert synced.returncode == 0, synced.stderr
    (kept,) = server.runs.values()
    assert (kept.state, kept.config, kept.summary["objective"]) == ("finished", {"k": 1}, 1.0)
    assert [name for name in kept.files if name.startswith("media/table/questions")]
