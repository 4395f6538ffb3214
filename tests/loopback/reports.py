"""Reports: views of a project, saved whole by upsertView."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .clock import now
from .graphql import Node, RefusedError, connection
from .state import Project, Report, State


def view_node(report: Report) -> Node:
    from .nodes import user_node

    return {
        "__typename": "View",
        "id": report.id,
        "type": report.type,
        "name": report.name,
        "displayName": report.display_name,
        "description": report.description,
        "spec": lambda: json.dumps(report.spec),
        "createdAt": report.created_at,
        "updatedAt": report.updated_at,
        "viewCount": 0,
        "locked": False,
        "coverUrl": None,
        "previewUrl": None,
        "user": lambda: user_node(),
        "project": lambda: {
            "__typename": "Project",
            "id": report.project.node_id,
            "name": report.project.name,
            "entityName": report.project.entity,
            "entity": {"__typename": "Entity", "name": report.project.entity},
        },
        "entityName": report.project.entity,
    }


def report_fields(project: Project) -> dict[str, Any]:
    def views(
        view_type: str = "runs",
        view_name: str | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Node:
        kept = [each for each in project.reports.values() if each.type == view_type]
        kept = [each for each in kept if view_name in (None, each.name, each.display_name)]
        return connection([view_node(each) for each in kept], first, after)

    return {"allViews": views}


def find_report(state: State, report_id: str) -> Report | None:
    wanted = report_id.rstrip("=")
    for project in state.projects.values():
        for report in project.reports.values():
            if report.id.rstrip("=") == wanted:
                return report
    return None


def upsert(state: State, sent: Mapping[str, Any]) -> Node:
    report = find_report(state, sent["id"]) if sent.get("id") else None
    if sent.get("id") and report is None:
        raise RefusedError(404, f"view {sent['id']} not found during upsertView")
    inserted = report is None
    if report is None:
        project = state.project(sent.get("entityName"), sent.get("projectName"), make=True)
        if project is None:
            raise RefusedError(404, f"entity {sent.get('entity_name')} not found during upsertView")
        report = Report(_report_id(state.number()), project, sent.get("name") or f"view-{state.number()}")
        project.reports[report.id] = report
    report.display_name = sent.get("displayName") or report.display_name
    report.description = sent.get("description") if sent.get("description") is not None else report.description
    report.type = sent.get("type") or report.type
    report.spec = json.loads(sent["spec"]) if sent.get("spec") else report.spec
    report.saves += 1
    report.updated_at = now()
    return {"view": view_node(report), "inserted": inserted}


def delete(state: State, sent: Mapping[str, Any]) -> Node:
    report = find_report(state, sent["id"])
    if report is None:
        raise RefusedError(404, f"view {sent['id']} not found during deleteView")
    del report.project.reports[report.id]
    return {"__typename": "DeleteViewPayload", "success": True, "pendingDrafts": []}


def _report_id(number: int) -> str:
    import base64

    return base64.b64encode(f"View:{number:06d}".encode()).decode()
