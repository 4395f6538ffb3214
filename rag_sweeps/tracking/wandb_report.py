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
    old = known if known is not None and known.address == server.address and _is_there(known, server) else None
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


def _save(content: ReportContent, server: Server, old: SavedReport | None) -> SavedReport:
    v2 = library()
    record = content.outcome.record
    title = f"{record.name}: which configuration to use"[:MOST_TITLE_CHARS]
    if old is None:
        _make_project(server)
        report = v2.Report(project=server.address.project, entity=server.address.entity)
    else:
        report = v2.Report.from_url(old.url)
    report.title = title
    report.description = (
        f"{len(content.decision.rows)} configurations on one golden set, compared question by question."
    )
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
