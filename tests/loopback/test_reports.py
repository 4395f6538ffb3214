"""Reports and registries, as the real clients write and read them."""

from __future__ import annotations

from loopback.clients import python, result_of
from loopback.server import LoopbackServer

REPORT = """
import json, wandb
import wandb_workspaces.reports.v2 as reports
wandb.Api(timeout=60).create_project("demo", "team")
runs = reports.Runset(entity="team", project="demo")
grid = reports.PanelGrid(runsets=[runs], panels=[reports.BarPlot(metrics=["objective"])])
report = reports.Report(entity="team", project="demo", title="Decision", blocks=[reports.H1("Decision"), grid])
report.save()
again = reports.Report.from_url(report.url)
again.blocks = [*again.blocks, reports.P("Ship it.")]
again.save()
print(json.dumps({
    "same": again.url == report.url,
    "listed": [each.display_name for each in wandb.Api(timeout=60).reports("team/demo")],
}))
"""

LINK = """
import json, wandb
with wandb.init(entity="team", project="demo", settings=wandb.Settings(init_timeout=60)) as run:
    golden = wandb.Artifact("golden", type="golden-set")
    with golden.new_file("questions.jsonl") as file:
        file.write("questions")
    golden = run.log_artifact(golden).wait(60)
    run.link_artifact(golden, "wandb-registry-rag/handbook", aliases=["production"])
linked = wandb.Api(timeout=60).artifact("wandb-registry-rag/handbook:production")
print(json.dumps({
    "name": linked.qualified_name,
    "source": linked.source_qualified_name,
    "bytes": open(linked.download("there") + "/questions.jsonl").read(),
}))
"""


def test_a_report_saved_twice_is_one_report(server: LoopbackServer, hosted: dict[str, str]) -> None:
    assert result_of(python(REPORT, hosted)) == {"same": True, "listed": ["Decision"]}
    (report,) = server.reports
    assert (report.display_name, report.saves) == ("Decision", 2)
    written = [block["type"] for block in report.spec["blocks"]]
    assert written.index("heading") < written.index("panel-grid") < len(written) - 1
    assert "Ship it." in str(report.spec["blocks"][-2:])


def test_a_linked_artifact_is_found_in_its_registry(server: LoopbackServer, hosted: dict[str, str]) -> None:
    assert result_of(python(LINK, hosted)) == {
        "name": "org-entity/wandb-registry-rag/handbook:production",
        "source": "team/demo/golden:v0",
        "bytes": "questions",
    }
    ((collection, alias, artifact),) = server.registry
    assert (collection, alias, artifact.name) == ("handbook", "production", "golden:v0")
