"""Artifacts: versions, and the collections that name them. Tests read these objects."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clock import now

if TYPE_CHECKING:
    from .state import Project, Run


@dataclass(slots=True, eq=False, repr=False)
class Artifact:
    """One version of an artifact; `files` are the bytes of those it holds itself, by their path."""

    id: str
    collection: Collection
    digest: str
    metadata: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    state: str = "PENDING"
    version: int | None = None
    manifest: dict[str, Any] | None = None
    manifest_bytes: bytes = b""
    stored: dict[str, bytes] = field(default_factory=dict)
    wanted_aliases: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    client_id: str | None = None
    created_by: Run | None = None
    used_by: list[Run] = field(default_factory=list)
    links: list[Collection] = field(default_factory=list)
    history_step: int | None = None
    created_at: str = field(default_factory=now)

    def __repr__(self) -> str:
        return f"<artifact {self.name} {self.state} {self.aliases}>"

    @property
    def name(self) -> str:
        return f"{self.collection.name}:v{self.version}"

    @property
    def type(self) -> str:
        return self.collection.type

    @property
    def aliases(self) -> list[str]:
        return self.collection.aliases_of(self)

    @property
    def files(self) -> dict[str, bytes]:
        return {path: self.collection.project.blobs[key] for path, key in self.blob_keys().items()}

    def blob_keys(self) -> dict[str, str]:
        """Path -> hex MD5 of the bytes, for what the manifest says is stored here."""
        entries = (self.manifest or {}).get("contents", {})
        return {path: hex_md5(entry["digest"]) for path, entry in entries.items() if "ref" not in entry}


@dataclass(slots=True, eq=False, repr=False)
class Collection:
    """A sequence of versions, or a portfolio that others are linked into (then `linked`)."""

    id: str
    project: Project
    name: str
    type: str
    linked: bool = False
    versions: list[Artifact] = field(default_factory=list)
    alias: dict[str, Artifact] = field(default_factory=dict)
    client_id: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    created_at: str = field(default_factory=now)

    def aliases_of(self, artifact: Artifact) -> list[str]:
        return sorted(name for name, version in self.alias.items() if version is artifact)

    @property
    def kept(self) -> list[Artifact]:
        return [version for version in self.versions if version.state != "DELETED"]

    def find(self, alias: str) -> Artifact | None:
        if alias.startswith("v") and alias[1:].isdigit():
            numbered = {self.versions.index(version): version for version in self.kept}
            return numbered.get(int(alias[1:]))
        return self.alias.get(alias)


def hex_md5(digest: str) -> str:
    """Base64, as manifests write it -> hex."""
    return base64.b64decode(digest).hex()
