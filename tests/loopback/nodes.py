"""Projects, entities, users: the nodes that everything else hangs from."""

from __future__ import annotations

import json
from typing import Any

from . import registry
from .graphql import Node, connection
from .state import ENTITIES, ENTITY, USER, Project, State

FEATURES = (
    "LARGE_FILENAMES",
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "ARTIFACT_REGISTRY_SEARCH",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "SWEEPS_QUERY_FILTERING",
    "FILESTREAM_GZIP",
    "SWEEPS_LOCAL_SCHEDULER",
)


def user_node() -> Node:
    return {
        "__typename": "User",
        "id": "user:tester",
        "name": "Tester",
        "username": USER,
        "email": "tester@example.com",
        "admin": False,
        "flags": "{}",
        "entity": ENTITY,
        "defaultEntity": {"__typename": "Entity", "id": f"entity:{ENTITY}", "name": ENTITY},
        "deletedAt": None,
        "photoUrl": None,
        "apiKeys": connection([]),
        "teams": connection([{"__typename": "Entity", "name": ENTITY}]),
        "organizations": [],
    }


def entity_node(state: State, name: str | None, base_url: str) -> Node | None:
    name = name or ENTITY
    if name not in ENTITIES:
        return None
    entity = name

    def project(name: str) -> Node | None:
        found = state.project(entity, name)
        return None if found is None else project_node(state, found, base_url)

    return {
        "__typename": "Entity",
        "id": f"entity:{name}",
        "name": name,
        "entityType": "user" if name == USER else "team",
        "isTeam": name != USER,
        "available": False,
        "readOnly": False,
        "readOnlyAdmin": False,
        "photoUrl": None,
        "privateOnly": False,
        "storageBytes": "0",
        "codeSavingEnabled": True,
        "defaultAccess": "PRIVATE",
        "isPaid": True,
        "members": [],
        "xxhashDigestsEnabled": False,
        "user": None,
        "organization": lambda: registry.organization_node(state, base_url) if name != USER else None,
        "project": project,
    }


def project_node(state: State, project: Project, base_url: str) -> Node:
    from .artifacts import collection_fields
    from .reports import report_fields
    from .runs import run_node, select_runs
    from .sweeps import sweep_node

    def runs(
        filters: str | None = None,
        first: int | None = None,
        after: str | None = None,
        order: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Node:
        nodes = [run_node(state, run, base_url) for run in select_runs(project, filters, order)]
        return {**connection(nodes, first, after), "__typename": "RunConnection"}

    def run(name: str, missing_ok: bool = False) -> Node | None:
        found = project.runs.get(name)
        return None if found is None else run_node(state, found, base_url)

    def sweep(sweep_name: str | None = None) -> Node | None:
        found = project.sweeps.get(sweep_name or "")
        return None if found is None else sweep_node(state, found, base_url)

    def sweeps(first: int | None = None, after: str | None = None, filters: str | None = None) -> Node:
        return connection([sweep_node(state, each, base_url) for each in project.sweeps.values()], first, after)

    fields: dict[str, Any] = {
        "__typename": "Project",
        "id": project.node_id,
        "internalId": str(project.number),
        "name": project.name,
        "entityName": project.entity,
        "entity": lambda: entity_node(state, project.entity, base_url),
        "description": "",
        "createdAt": project.created_at,
        "updatedAt": project.created_at,
        "isBenchmark": False,
        "readOnly": False,
        "access": "PRIVATE",
        "views": json.dumps({}),
        "user": lambda: user_node(),
        "run": run,
        "bucket": run,
        "runs": runs,
        "runCount": lambda filters=None: len(select_runs(project, filters, None)),
        "sweep": sweep,
        "sweeps": sweeps,
        "totalSweeps": len(project.sweeps),
        "linkedArtifactTypes": [],
    }
    return fields | collection_fields(state, project, base_url) | report_fields(project)
