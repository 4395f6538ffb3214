"""ReportContent -> one W&B report of a sweep: made once, then written anew in the same place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rag_sweeps.errors import InputError
from rag_sweeps.store.files import write_text_atomic
from rag_sweeps.tracking.report_blocks import blocks, library
from rag_sweeps.tracking.report_content import ReportContent
from rag_sweeps.tracking.server import Address, Server
from rag_sweeps.tracking.time_limit import within

FILE = "wandb_report.json"
WRITE_SECONDS = 60.0
MOST_TITLE_CHARS = 128

VIEW_QUERY = "query ReportSeen($id: ID!) { view(id: $id) { id } }"
VIEWS_QUERY = """
query ReportsSeen($project: String!, $entity: String!, $after: String) {
  project(name: $project, entityName: $entity) {
    allViews(viewType: "runs", first: 100, after: $after) {
      edges { node { id description } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
PROJECT_QUERY = """
query ProjectSeen($project: String!, $entity: String!) { project(name: $project, entityName: $entity) { id } }
"""


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report on a server. id: W&B's, the same for every version of the report."""

    address: Address
    id: str
    url: str


def write_wandb_report(content: ReportContent, server: Server, folder: Path) -> tuple[SavedReport, bool]:
    """Write the report, and remember it in the sweep's folder. True where it took the place of its last version.

    Discussions stay; blocks are written anew. Raises InputError and ServerDownError.
    """
    known = recall_report(folder)
    if known is not None and known.address == server.address and _is_there(known, server):
        old: str | None = known.id
    else:
        old = _from_elsewhere(content, server)
    saved = within(WRITE_SECONDS, lambda: _save(content, server, old), what="write the report")
    write_text_atomic(folder / FILE, json.dumps(asdict(saved), indent=2) + "\n")
    return saved, old is not None


def recall_report(folder: Path) -> SavedReport | None:
    """The report of the sweep in this folder, as it was last written; None where there is none."""
    try:
        plain = json.loads((folder / FILE).read_bytes())
        return SavedReport(Address(**plain["address"]), plain["id"], plain["url"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_there(known: SavedReport, server: Server) -> bool:
    """Somebody may have deleted it."""
    try:
        answer = server.call(VIEW_QUERY, {"id": known.id}, what=f"show the report {known.url}")
    except InputError as error:
        if "not found" in str(error) or "404" in str(error):
            return False
        raise
    return bool((answer or {}).get("view"))


def _from_elsewhere(content: ReportContent, server: Server) -> str | None:
    """The id of the report that another machine wrote of the same sweep."""
    variables: dict[str, str | None] = {"project": server.address.project, "entity": server.address.entity}
    variables["after"] = None
    while True:
        answer = server.call(VIEWS_QUERY, variables, what=f"list the reports of {server.address}")
        views = ((answer or {}).get("project") or {}).get("allViews") or {"edges": [], "pageInfo": {}}
        for edge in views["edges"]:
            if str(edge["node"].get("description") or "").endswith(_mark(content)):
                return str(edge["node"]["id"])
        if not views["pageInfo"].get("hasNextPage"):
            return None
        variables["after"] = views["pageInfo"]["endCursor"]


def _mark(content: ReportContent) -> str:
    """The end of the description, by which every machine finds the report of a sweep."""
    return f"(sweep {content.group})"


def _save(content: ReportContent, server: Server, old: str | None) -> SavedReport:
    v2 = library()
    record = content.outcome.record
    where = {"project": server.address.project, "entity": server.address.entity}
    if old is None:
        _make_project(server)
        report = v2.Report(**where)
    else:
        # Of the address, only the id counts.
        report = v2.Report.from_url(f"/{server.address}/reports/report--{old}")
    n = len(content.decision.rows)
    report.title = f"{record.name}: which configuration to use"[:MOST_TITLE_CHARS]
    report.description = f"{n} configurations on one golden set, compared question by question {_mark(content)}"
    report.width = "fluid"
    report.blocks = blocks(content)
    report.save()
    return SavedReport(server.address, str(report.id), str(report.url))


def _make_project(server: Server) -> None:
    """A sweep that ran offline may be the first thing that its project hears of."""
    where = {"entity": server.address.entity, "project": server.address.project}
    answer = server.call(PROJECT_QUERY, where, what=f"show the project {server.address}")
    if (answer or {}).get("project") is None:
        server.api.create_project(server.address.project, server.address.entity)
