"""The GraphQL operations: root fields -> the functions that answer them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import artifact_writes, artifacts, nodes, reports, runs, sweeps
from .graphql import Node, Refused
from .state import ENTITIES, ORGANIZATION, State


def queries(state: State, base_url: str) -> Node:
    def project(name: str | None = None, entityName: str | None = None, **_: Any) -> Node | None:
        found = state.project(entityName, name, make=bool(name) and str(name).startswith("wandb-registry-"))
        return None if found is None else nodes.project_node(state, found, base_url)

    def models(entityName: str | None = None, first: int | None = None, after: str | None = None, **_: Any) -> Node:
        from .graphql import connection

        kept = [each for each in state.projects.values() if each.entity == (entityName or ENTITIES[0])]
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

    def client_id(clientID: str) -> Node | None:
        found = state.client_ids.get(clientID)
        return None if found is None else {"serverID": found}

    return {
        "viewer": nodes.user_node,
        "serverInfo": {
            "features": [{"name": name, "isEnabled": True} for name in nodes.FEATURES],
            "cliVersionInfo": {"max_cli_version": "0.99.0"},
            "latestLocalVersionInfo": None,
        },
        "entity": lambda name=None: nodes.entity_node(state, name, base_url),
        "organization": lambda name: nodes.organization_node() if name == ORGANIZATION else None,
        "project": project,
        "model": project,
        "models": models,
        "view": view,
        "artifact": artifact,
        "artifactCollection": artifact_collection,
        "clientIDMapping": client_id,
    }


def mutations(state: State, base_url: str) -> Node:
    return {
        "upsertBucket": lambda sent: runs.upsert_bucket(state, sent, base_url),
        "upsertModel": lambda sent: _upsert_model(state, sent, base_url),
        "createRunFiles": lambda sent: _create_run_files(state, sent, base_url),
        "markRunFilesUploaded": lambda sent: {"success": True},
        "deleteRun": lambda sent: _delete_run(state, sent),
        "stopRun": lambda sent: _stop_run(state, sent),
        "notifyScriptableRunAlert": lambda sent: _alert(state, sent),
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
        "addAliases": lambda sent: artifact_writes.change_aliases(state, sent, add=True),
        "deleteAliases": lambda sent: artifact_writes.change_aliases(state, sent, add=False),
        "linkArtifact": lambda sent: artifact_writes.link(state, sent, base_url),
        "unlinkArtifact": lambda sent: artifact_writes.unlink(state, sent),
        "upsertView": lambda sent: reports.upsert(state, sent),
    }


def _upsert_model(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    key = (sent.get("entityName") or ENTITIES[0], sent["name"])
    inserted = key not in state.projects
    project = state.project(*key, make=True)
    if project is None:
        raise Refused(404, f"entity {key[0]} not found during upsertModel")
    node = nodes.project_node(state, project, base_url)
    return {"project": node, "model": node, "inserted": inserted}


def _create_run_files(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    run = runs.find_run(state, sent["entityName"], sent["projectName"], sent["runName"])
    path = f"{base_url}/storage/run/{run.project.entity}/{run.project.name}/{run.id}"
    files = [{"name": name, "uploadUrl": f"{path}/{name}"} for name in sent["files"]]
    return {"runID": run.node_id, "uploadHeaders": [], "files": files}


def _delete_run(state: State, sent: Mapping[str, Any]) -> Node:
    run = runs.run_by_node_id(state, sent["id"])
    if run is None:
        raise Refused(404, f"run {sent['id']} not found during deleteRun")
    del run.project.runs[run.id]
    if run.sweep is not None and run in run.sweep.runs:
        run.sweep.runs.remove(run)
    return {"success": True, "clientMutationId": None}


def _stop_run(state: State, sent: Mapping[str, Any]) -> Node:
    run = runs.run_by_node_id(state, sent["id"])
    if run is None:
        raise Refused(404, f"run {sent['id']} not found during stopRun")
    run.stop_asked = True
    return {"success": True}


def _alert(state: State, sent: Mapping[str, Any]) -> Node:
    run = runs.find_run(state, sent["entityName"], sent["projectName"], sent["runName"])
    run.alerts.append(json.loads(json.dumps(dict(sent))))
    return {"success": True}
