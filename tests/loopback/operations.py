"""The GraphQL operations: root fields -> the functions that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import artifact_writes, artifacts, nodes, registry, reports, run_writes, sweeps
from .graphql import Node, RefusedError, connection
from .state import ENTITY, ORGANIZATION, USER, State


def queries(state: State, base_url: str) -> Node:
    def project(name: str | None = None, entity_name: str | None = None, **_: Any) -> Node | None:
        found = state.project(entity_name, name)
        return None if found is None else nodes.project_node(state, found, base_url)

    def models(entity_name: str | None = None, first: int | None = None, after: str | None = None, **_: Any) -> Node:
        kept = [each for each in state.projects.values() if each.entity == (entity_name or ENTITY)]
        return connection([nodes.project_node(state, each, base_url) for each in kept], first, after)

    def view(id: str) -> Node | None:  # noqa: A002
        found = reports.find_report(state, id)
        return None if found is None else reports.view_node(found)

    def artifact(id: str) -> Node | None:  # noqa: A002
        found = state.artifacts.get(id)
        return None if found is None else artifacts.artifact_node(state, found, base_url)

    def artifact_collection(id: str) -> Node | None:  # noqa: A002
        found = next((each for each in state.collections() if each.id == id), None)
        return None if found is None else artifacts.collection_node(state, found, base_url)

    def client_mapping(client_id: str) -> Node | None:
        found = state.client_ids.get(client_id)
        return None if found is None else {"serverID": found}

    return {
        "viewer": nodes.user_node,
        "users": lambda query=None: connection([nodes.user_node()] if query in (None, USER) else []),
        "serverInfo": {
            "features": [{"name": name, "isEnabled": True} for name in nodes.FEATURES],
            "cliVersionInfo": {"max_cli_version": "0.99.0"},
            "latestLocalVersionInfo": None,
        },
        "entity": lambda name=None: nodes.entity_node(state, name, base_url),
        "organization": lambda name: registry.organization_node(state, base_url) if name == ORGANIZATION else None,
        "project": project,
        "model": project,
        "models": models,
        "view": view,
        "artifact": artifact,
        "artifactCollection": artifact_collection,
        "clientIDMapping": client_mapping,
    }


def mutations(state: State, base_url: str) -> Node:
    return {
        "upsertBucket": lambda sent: run_writes.upsert_bucket(state, sent, base_url),
        "upsertModel": lambda sent: _upsert_model(state, sent, base_url),
        "createRunFiles": lambda sent: run_writes.create_files(state, sent, base_url),
        "markRunFilesUploaded": lambda sent: {"success": True},
        "deleteRun": lambda sent: run_writes.delete(state, sent),
        "stopRun": lambda sent: run_writes.stop(state, sent),
        "notifyScriptableRunAlert": lambda sent: run_writes.alert(state, sent),
        "upsertSweep": lambda sent: sweeps.upsert_sweep(state, sent, base_url),
        "createAgent": lambda sent: sweeps.create_agent(state, sent),
        "agentHeartbeat": lambda sent: sweeps.heartbeat(state, sent),
        "enqueueSweepRun": lambda sent: sweeps.enqueue_run(state, sent),
        "createArtifact": lambda sent: artifact_writes.create(state, sent, base_url),
        "createArtifactManifest": lambda sent: artifact_writes.create_manifest(state, sent, base_url),
        "updateArtifactManifest": lambda sent: artifact_writes.update_manifest(state, sent, base_url),
        "createArtifactFiles": lambda sent: artifact_writes.create_files(state, sent, base_url),
        "commitArtifact": lambda sent: artifact_writes.commit(state, sent, base_url),
        "useArtifact": lambda sent: artifact_writes.use(state, sent, base_url),
        "updateArtifact": lambda sent: artifact_writes.update(state, sent, base_url),
        "deleteArtifact": lambda sent: artifact_writes.delete(state, sent, base_url),
        "addAliases": lambda sent: artifact_writes.change_aliases(state, sent, add=True),
        "deleteAliases": lambda sent: artifact_writes.change_aliases(state, sent, add=False),
        "linkArtifact": lambda sent: artifact_writes.link(state, sent, base_url),
        "unlinkArtifact": lambda sent: artifact_writes.unlink(state, sent),
        "upsertView": lambda sent: reports.upsert(state, sent),
        "deleteView": lambda sent: reports.delete(state, sent),
    }


def _upsert_model(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    key = (sent.get("entityName") or ENTITY, sent["name"])
    inserted = key not in state.projects
    project = state.project(*key, make=True)
    if project is None:
        raise RefusedError(404, f"entity {key[0]} not found during upsertModel")
    node = nodes.project_node(state, project, base_url)
    return {"project": node, "model": node, "inserted": inserted}
