"""The organization and its registries: projects of its own entity that artifacts are linked into."""

from __future__ import annotations

import json
from typing import Any

from .artifact_state import Artifact, Collection
from .artifacts import collection_node, membership_node
from .filters import matches
from .graphql import Node, connection
from .state import ORG_ENTITY, ORGANIZATION, REGISTRY_PREFIX, Project, State


def organization_node(state: State, base_url: str) -> Node:
    return {
        "__typename": "Organization",
        "id": f"organization:{ORGANIZATION}",
        "name": ORGANIZATION,
        "coreWeaveOrganizationId": None,
        "featureFlags": lambda **_: [],
        "orgEntity": org_entity_node(state, base_url),
    }


def org_entity_node(state: State, base_url: str) -> Node:
    from .nodes import project_node

    def projects(filters: str | None = None, first: int | None = None, after: str | None = None, **_: Any) -> Node:
        return connection([project_node(state, each, base_url) for each in registries(state, filters)], first, after)

    def collections(
        project_filters: str | None = None,
        filters: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Node:
        kept = registry_collections(state, project_filters, filters)
        return connection([collection_node(state, each, base_url) for each in kept], first, after)

    def memberships(
        project_filters: str | None = None,
        collection_filters: str | None = None,
        filters: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> Node:
        kept = [
            membership_node(state, collection, artifact, base_url)
            for collection in registry_collections(state, project_filters, collection_filters)
            for artifact in collection.kept
            if matches(json.loads(filters or "{}"), _version_fields(collection, artifact))
        ]
        return connection(kept, first, after)

    return {
        "__typename": "Entity",
        "id": f"entity:{ORG_ENTITY}",
        "name": ORG_ENTITY,
        "entityType": "organization",
        "organization": {"__typename": "Organization", "name": ORGANIZATION},
        "projects": projects,
        "artifactCollections": collections,
        "artifactMemberships": memberships,
    }


def registries(state: State, filters: str | None) -> list[Project]:
    wanted = json.loads(filters or "{}")
    own = [
        each for each in state.projects.values() if each.entity == ORG_ENTITY and each.name.startswith(REGISTRY_PREFIX)
    ]
    return [each for each in own if matches(wanted, {"name": each.name}.get)]


def registry_collections(state: State, project_filters: str | None, filters: str | None) -> list[Collection]:
    wanted = json.loads(filters or "{}")
    return [
        collection
        for project in registries(state, project_filters)
        for collection in project.collections.values()
        if matches(wanted, {"name": collection.name, "tag": collection.tags, "description": collection.description}.get)
    ]


def _version_fields(collection: Collection, artifact: Artifact) -> Any:
    fields = {
        "alias": collection.aliases_of(artifact),
        "tag": artifact.tags,
        "version": collection.versions.index(artifact),
    }
    return fields.get
