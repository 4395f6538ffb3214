"""Artifacts: created, uploaded, committed, named by aliases, linked, used and downloaded."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any

from .artifact_state import Artifact, Collection
from .graphql import Node, RefusedError, connection
from .state import Project, Run, State


def artifact_node(state: State, artifact: Artifact, base_url: str) -> Node:
    from .runs import run_node

    sizes = [entry.get("size", 0) for entry in (artifact.manifest or {}).get("contents", {}).values()]
    return {
        "__typename": "Artifact",
        "id": artifact.id,
        "state": artifact.state,
        "digest": artifact.digest,
        "digestAlgorithm": "MANIFEST_MD5",
        "description": artifact.description,
        "metadata": json.dumps(artifact.metadata),
        "versionIndex": artifact.version,
        "commitHash": artifact.id,
        "size": str(sum(sizes)),
        "fileCount": len(sizes),
        "historyStep": artifact.history_step,
        "ttlDurationSeconds": -2,
        "ttlIsInherited": True,
        "tags": [_tag(name) for name in artifact.tags],
        "createdAt": artifact.created_at,
        "updatedAt": artifact.created_at,
        "artifactType": lambda: type_node(state, artifact.collection.project, artifact.type, base_url),
        "artifactSequence": lambda: collection_node(state, artifact.collection, base_url),
        "aliases": lambda: [
            alias_node(state, collection, name, base_url)
            for collection in (artifact.collection, *artifact.links)
            for name in collection.aliases_of(artifact)
        ],
        "currentManifest": None
        if artifact.manifest is None
        else {"__typename": "ArtifactManifest", "file": stored_node(base_url, f"manifest/{artifact.id}")},
        "createdBy": lambda: run_node(state, artifact.created_by, base_url) if artifact.created_by else None,
        "usedBy": lambda **_: connection([run_node(state, run, base_url) for run in artifact.used_by]),
        "artifactMemberships": lambda **_: connection(
            [membership_node(state, each, artifact, base_url) for each in (artifact.collection, *artifact.links)]
        ),
        "files": lambda **asked: files_page(artifact, base_url, **asked),
        "filesByManifestEntries": lambda entries=None, **_: connection(
            [file_node(artifact, entry["name"], base_url) for entry in entries or ()]
        ),
    }


def files_page(
    artifact: Artifact,
    base_url: str,
    *,
    names: Sequence[str] | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Node:
    kept = [path for path in sorted((artifact.manifest or {}).get("contents", {})) if not names or path in names]
    return connection([file_node(artifact, path, base_url) for path in kept], first, after)


def file_node(artifact: Artifact, path: str, base_url: str) -> Node:
    entry = (artifact.manifest or {"contents": {}})["contents"][path]
    url = f"{base_url}/storage/blob/{artifact.blob_keys().get(path, 'reference')}/{path}"
    return {
        "__typename": "File",
        "id": f"{artifact.id}:{path}",
        "name": path,
        "displayName": path,
        "url": url,
        "directUrl": url,
        "sizeBytes": str(entry.get("size", 0)),
        "storagePath": path,
        "mimetype": mimetypes.guess_type(path)[0] or "",
        "updatedAt": artifact.created_at,
        "digest": entry["digest"],
        "md5": entry["digest"],
    }


def collection_node(state: State, collection: Collection, base_url: str) -> Node:
    from .nodes import project_node

    def membership(alias_name: str) -> Node | None:
        found = collection.find(alias_name)
        return None if found is None else membership_node(state, collection, found, base_url)

    def artifacts(first: int | None = None, after: str | None = None, order: str | None = None, **_: Any) -> Node:
        newest_first = collection.kept[::-1]
        nodes = [artifact_node(state, each, base_url) for each in newest_first]
        page = connection(nodes, first, after)
        for edge, each in zip(page["edges"], newest_first[int(after or 0) :], strict=False):
            edge["version"] = f"v{collection.versions.index(each)}"
        return page

    latest = collection.alias.get("latest")
    return {
        "__typename": "ArtifactPortfolio" if collection.linked else "ArtifactSequence",
        "id": collection.id,
        "name": collection.name,
        "description": collection.description,
        "createdAt": collection.created_at,
        "updatedAt": collection.created_at,
        "digestAlgorithm": "MANIFEST_MD5",
        "project": lambda: project_node(state, collection.project, base_url),
        "defaultArtifactType": lambda: type_node(state, collection.project, collection.type, base_url),
        "tags": connection([_tag(name) for name in collection.tags]),
        "aliases": lambda **asked: connection(
            [alias_node(state, collection, name, base_url) for name in sorted(collection.alias)], **asked
        ),
        "latestArtifact": lambda: None if latest is None else artifact_node(state, latest, base_url),
        "artifactMembership": membership,
        "artifacts": artifacts,
    }


def membership_node(state: State, collection: Collection, artifact: Artifact, base_url: str) -> Node:
    return {
        "__typename": "ArtifactCollectionMembership",
        "id": f"{collection.id}:{artifact.id}",
        "versionIndex": collection.versions.index(artifact),
        "createdAt": artifact.created_at,
        "aliases": lambda: [alias_node(state, collection, name, base_url) for name in collection.aliases_of(artifact)],
        "artifactCollection": lambda: collection_node(state, collection, base_url),
        "artifact": lambda: artifact_node(state, artifact, base_url),
        "files": lambda **asked: files_page(artifact, base_url, **asked),
    }


def alias_node(state: State, collection: Collection, name: str, base_url: str) -> Node:
    return {
        "__typename": "ArtifactAlias",
        "id": f"{collection.id}:{name}",
        "alias": name,
        "artifactCollection": lambda: collection_node(state, collection, base_url),
        "artifactCollectionName": collection.name,
    }


def type_node(state: State, project: Project, name: str, base_url: str) -> Node:
    def collections(first: int | None = None, after: str | None = None, **_: Any) -> Node:
        kept = [each for each in project.collections.values() if each.type == name]
        return connection([collection_node(state, each, base_url) for each in kept], first, after)

    def collection(name: str) -> Node | None:
        found = project.collections.get(name)
        return None if found is None else collection_node(state, found, base_url)

    return {
        "__typename": "ArtifactType",
        "id": f"{project.node_id}:{name}",
        "name": name,
        "description": None,
        "createdAt": project.created_at,
        "artifactCollections": collections,
        "artifactCollection": collection,
    }


def collection_fields(state: State, project: Project, base_url: str) -> dict[str, Any]:
    """What a project answers about artifacts."""

    def collection(name: str) -> Node | None:
        found = project.collections.get(name)
        return None if found is None else collection_node(state, found, base_url)

    def membership(name: str) -> Node | None:
        found = find_version(project, name)
        return None if found is None else membership_node(state, *found, base_url)

    def artifact(name: str) -> Node | None:
        found = find_version(project, name)
        return None if found is None else artifact_node(state, found[1], base_url)

    def artifact_type(name: str) -> Node | None:
        known = name in {each.type for each in project.collections.values()}
        return type_node(state, project, name, base_url) if known else None

    def collections(first: int | None = None, after: str | None = None, **_: Any) -> Node:
        return connection(
            [collection_node(state, each, base_url) for each in project.collections.values()], first, after
        )

    def types(first: int | None = None, after: str | None = None, **_: Any) -> Node:
        names = sorted({each.type for each in project.collections.values()})
        return connection([type_node(state, project, name, base_url) for name in names], first, after)

    return {
        "artifact": artifact,
        "artifactType": artifact_type,
        "artifactTypes": types,
        "artifactCollection": collection,
        "artifactCollections": collections,
        "artifactCollectionMembership": membership,
        "allowAllArtifactTypesInRegistry": True,
    }


def find_version(project: Project, name: str) -> tuple[Collection, Artifact] | None:
    collection_name, _, alias = name.rpartition("/")[2].partition(":")
    collection = project.collections.get(collection_name)
    found = collection.find(alias or "latest") if collection else None
    return None if collection is None or found is None else (collection, found)


def _tag(name: str) -> Node:
    return {"__typename": "Tag", "id": f"tag:{name}", "name": name}


def stored_node(base_url: str, path: str) -> Node:
    url = f"{base_url}/storage/{path}"
    return {"__typename": "File", "id": path, "directUrl": url, "uploadUrl": url, "uploadHeaders": []}


def find_artifact(state: State, artifact_id: str) -> Artifact:
    if artifact_id not in state.artifacts:
        raise RefusedError(404, f"artifact {artifact_id} not found")
    return state.artifacts[artifact_id]


def owner_run(state: State, sent: Mapping[str, Any]) -> Run | None:
    project = state.project(sent.get("entityName"), sent.get("projectName"))
    return project.runs.get(sent.get("runName") or "") if project else None
