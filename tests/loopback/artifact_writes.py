"""What clients change about artifacts: the steps of logging one, its use, aliases, links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .artifact_state import Artifact, Collection
from .artifacts import artifact_node, collection_node, find_artifact, membership_node, owner_run, stored_node
from .graphql import Node, RefusedError
from .state import Project, State


def create(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    """A new version; the same digest in the same collection is the version that is there."""
    project = state.project(sent.get("entityName"), sent.get("projectName"), make=True)
    if project is None:
        raise RefusedError(404, f"entity {sent.get('entityName')} not found during createArtifact")
    name = (sent.get("artifactCollectionNames") or [sent.get("artifactCollectionName")])[0]
    kind = sent["artifactTypeName"]
    collection = project.collections.get(name)
    if collection is None:
        collection = Collection(f"collection:{state.number()}", project, name, kind)
        project.collections[name] = collection
    if collection.type != kind:
        raise RefusedError(400, f"artifact {name} has type {collection.type}, not {kind}")
    aliases = [each["alias"] for each in sent.get("aliases") or ()]
    artifact = next((each for each in collection.kept if each.digest == sent["digest"]), None)
    if artifact is None:
        artifact = Artifact(f"artifact:{state.number()}", collection, sent["digest"])
        artifact.metadata = json.loads(sent.get("metadata") or "{}")
        artifact.description = sent.get("description")
        artifact.wanted_aliases = aliases
        artifact.tags = [each["tagName"] for each in sent.get("tags") or ()]
        artifact.client_id = sent.get("clientID")
        artifact.created_by = owner_run(state, sent)
        artifact.history_step = sent.get("historyStep")
        state.artifacts[artifact.id] = artifact
    else:
        _name(collection, artifact, aliases)
    state.client_ids[sent.get("clientID") or ""] = artifact.id
    run = owner_run(state, sent)
    if run is not None and artifact not in run.logged_artifacts:
        run.logged_artifacts.append(artifact)
    return {"__typename": "CreateArtifactPayload", "artifact": artifact_node(state, artifact, base_url)}


def _name(collection: Collection, artifact: Artifact, aliases: list[str]) -> None:
    for alias in [*aliases, "latest"]:
        collection.alias[alias] = artifact


def create_manifest(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    return _manifest(artifact, base_url)


def update_manifest(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    artifact = find_artifact(state, sent["artifactManifestID"].removeprefix("manifest/"))
    return _manifest(artifact, base_url)


def _manifest(artifact: Artifact, base_url: str) -> Node:
    path = f"manifest/{artifact.id}"
    return {"artifactManifest": {"id": path, "file": stored_node(base_url, path)}}


def create_files(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    files = []
    for each in sent["artifactFiles"]:
        artifact = find_artifact(state, each["artifactID"])
        path = f"artifact/{artifact.id}/{each['name']}"
        parts = {"uploadMultipartUrls": None, "storagePath": path, "artifact": {"id": artifact.id}}
        files.append({"node": {**stored_node(base_url, path), **parts, "name": each["name"]}})
    return {"files": {"edges": files}}


def commit(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    if artifact.state != "COMMITTED":
        if artifact.manifest is None:
            raise RefusedError(400, f"artifact {artifact.id} has no manifest")
        missing = [path for path, key in artifact.blob_keys().items() if key not in state.blobs]
        if missing:
            raise RefusedError(400, f"artifact {artifact.id} lacks the bytes of {missing}")
        collection = artifact.collection
        artifact.version, artifact.state = len(collection.versions), "COMMITTED"
        collection.versions.append(artifact)
        _name(collection, artifact, artifact.wanted_aliases)
    return {"artifact": artifact_node(state, artifact, base_url)}


def use(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    run = owner_run(state, sent)
    if run is None:
        raise RefusedError(404, f"run {sent.get('runName')} not found during useArtifact")
    if artifact not in run.used_artifacts:
        run.used_artifacts.append(artifact)
        artifact.used_by.append(run)
    return {"artifact": artifact_node(state, artifact, base_url)}


def update(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    if sent.get("metadata") is not None:
        artifact.metadata = json.loads(sent["metadata"])
    if sent.get("description") is not None:
        artifact.description = sent["description"]
    if sent.get("aliases") is not None:
        artifact.collection.alias = {
            name: each for name, each in artifact.collection.alias.items() if each is not artifact
        } | {each["alias"]: artifact for each in sent["aliases"]}
    for each in sent.get("tagsToAdd") or ():
        artifact.tags.append(each["tagName"])
    for each in sent.get("tagsToDelete") or ():
        artifact.tags.remove(each["tagName"])
    return {"artifact": artifact_node(state, artifact, base_url)}


def change_aliases(state: State, sent: Mapping[str, Any], *, add: bool) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    for each in sent["aliases"]:
        project = state.project(each.get("entityName"), each.get("projectName")) or artifact.collection.project
        collection = project.collections[each["artifactCollectionName"]]
        if add:
            collection.alias[each["alias"]] = artifact
        else:
            collection.alias.pop(each["alias"], None)
    return {"success": True}


def delete(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    """The version keeps its number, so that the next one does not get it."""
    artifact = find_artifact(state, sent["artifactID"])
    collections = (artifact.collection, *artifact.links)
    if any(each.aliases_of(artifact) for each in collections) and not sent.get("deleteAliases"):
        raise RefusedError(400, f"artifact {artifact.name} has aliases")
    for collection in collections:
        collection.alias = {name: each for name, each in collection.alias.items() if each is not artifact}
    artifact.state = "DELETED"
    return {"artifact": artifact_node(state, artifact, base_url)}


def link(state: State, sent: Mapping[str, Any], base_url: str) -> Node:
    """Into a registry's collection (or a project's portfolio), which is made when it is not there."""
    artifact_id = sent.get("artifactID") or state.client_ids.get(sent.get("clientID") or "")
    artifact = find_artifact(state, artifact_id or "")
    project = _target(state, sent)
    name = sent["artifactPortfolioName"]
    collection = project.collections.get(name)
    if collection is None:
        collection = Collection(f"collection:{state.number()}", project, name, artifact.type, linked=True)
        project.collections[name] = collection
    if collection.type != artifact.type:
        raise RefusedError(400, f"collection {name} holds type {collection.type}, not {artifact.type}")
    if artifact not in collection.versions:
        collection.versions.append(artifact)
        artifact.links.append(collection)
    aliases = [each["alias"] for each in sent.get("aliases") or ()]
    _name(collection, artifact, aliases)
    state.registry.extend((name, alias, artifact) for alias in aliases or ["latest"])
    return {
        "versionIndex": collection.versions.index(artifact),
        "artifactMembership": membership_node(state, collection, artifact, base_url),
        "collection": collection_node(state, collection, base_url),
    }


def _target(state: State, sent: Mapping[str, Any]) -> Project:
    project = state.project(sent.get("entityName"), sent.get("projectName"), make=True)
    if project is None:
        raise RefusedError(404, f"entity {sent.get('entityName')} not found during linkArtifact")
    return project


def unlink(state: State, sent: Mapping[str, Any]) -> Node:
    artifact = find_artifact(state, sent["artifactID"])
    for collection in [each for each in artifact.links if each.id == sent.get("artifactPortfolioID")]:
        collection.alias = {name: each for name, each in collection.alias.items() if each is not artifact}
        artifact.links.remove(collection)
    return {"success": True}
