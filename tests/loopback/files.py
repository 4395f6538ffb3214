"""Uploads and downloads: runs' files, artifacts' files and manifests, by the URLs the server handed out."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import unquote

from .artifacts import find_artifact
from .graphql import RefusedError
from .runs import find_run
from .state import State


def upload(state: State, path: str, body: bytes) -> None:
    """Keep what was PUT to `/storage/<kind>/…`."""
    kind, _, rest = unquote(path).partition("/")
    if kind == "run":
        entity, project, run_id, name = rest.split("/", 3)
        find_run(state, entity, project, run_id).files[name] = body
    elif kind == "artifact":
        artifact_id, name = rest.split("/", 1)
        key = hashlib.md5(body, usedforsecurity=False).hexdigest()
        state.blobs[key] = body
        find_artifact(state, artifact_id).stored[name] = body
    elif kind == "manifest":
        artifact = find_artifact(state, rest)
        artifact.manifest_bytes, artifact.manifest = body, json.loads(body)
    else:
        raise RefusedError(404, f"no storage for {path}")


def download(state: State, path: str) -> bytes:
    kind, _, rest = unquote(path).partition("/")
    if kind == "run":
        entity, project, run_id, name = rest.split("/", 3)
        files = find_run(state, entity, project, run_id).files
        if name in files:
            return files[name]
    elif kind == "manifest":
        return find_artifact(state, rest).manifest_bytes
    elif kind == "blob" and rest.partition("/")[0] in state.blobs:
        return state.blobs[rest.partition("/")[0]]
    raise RefusedError(404, f"nothing is stored at {path}")


def artifact_file(state: State, path: str) -> bytes:
    """`/artifactsV2/<region>/<entity>/…/<hex md5>[/<name>]` -> the bytes, found by their digest."""
    for part in unquote(path).split("/"):
        if part in state.blobs:
            return state.blobs[part]
    raise RefusedError(404, f"no artifact file at {path}")
