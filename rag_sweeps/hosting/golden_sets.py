"""A golden set <-> its W&B artifact: uploaded once, downloaded once, and never another one than was registered."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from rag_sweeps.config.golden_path import ARTIFACT
from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.store.files import home
from rag_sweeps.store.golden_sets import keep_golden, kept_golden_folder
from rag_sweeps.tracking.artifacts import GOLDEN_TYPE, golden_artifact, golden_name
from rag_sweeps.tracking.sending import Sender
from rag_sweeps.tracking.server import Server, translated
from rag_sweeps.tracking.wandb_runs import RunPlace, open_run

COMMIT_SECONDS = 60
DIGEST_MARK = "@"


def upload_golden(golden: GoldenSet, server: Server) -> str:
    """The pinned name of the golden set's artifact; uploaded where the server has no version with this digest."""
    name = f"{server.address}/{golden_name(golden, full=True)}"
    alias = f"digest-{golden.digest[:16]}"
    with translated(f"take the golden set {golden.name}"):
        if not server.api.artifact_exists(f"{name}:{alias}", type=GOLDEN_TYPE):
            _log_golden(golden, server, alias)
        artifact = server.api.artifact(f"{name}:{alias}", type=GOLDEN_TYPE)
    return f"{artifact.qualified_name.rpartition(':')[0]}:{artifact.version}{DIGEST_MARK}{golden.digest}"


def golden_of(parameter: str, sender: Sender) -> tuple[GoldenSet, str]:
    """`artifact:…` -> the golden set, from this machine's copy where there is one, and the artifact's own name.

    Raises InputError for an artifact that is not there or holds another golden set than was pinned.
    """
    name, _, pinned = parameter.removeprefix(ARTIFACT).partition(DIGEST_MARK)
    if name.count("/") not in (0, 2):
        raise InputError(f"golden_set: {name!r} is no artifact; write artifact:ENTITY/PROJECT/NAME:VERSION")
    full_name = name if "/" in name else f"{sender.server().address}/{name}"
    digest = pinned or _digest_on_server(full_name, sender.server())
    kept = _kept(digest) if digest else None
    if kept is not None:
        return kept, full_name
    golden = _download(full_name, sender.server())
    if digest and golden.digest != digest:
        raise InputError(
            f"golden_set: artifact {full_name} holds the golden set {golden.digest[:12]}, not {digest[:12]} "
            "with which the sweep was registered; register the sweep again"
        )
    return golden, full_name


def _log_golden(golden: GoldenSet, server: Server, alias: str) -> None:
    """In a run of its own: an artifact always comes out of a run."""
    place = RunPlace(
        run_id=f"golden-{golden.digest[:12]}",
        name=f"golden set {golden.name}",
        group="golden sets",
        job_type="golden-set",
        entity=server.address.entity,
        project=server.address.project,
        base_url=server.address.base_url,
    )
    run = open_run(place, mode="online", config={"golden_digest": golden.digest})
    try:
        run.log_artifact(golden_artifact(golden, full=True), aliases=["latest", alias]).wait(timeout=COMMIT_SECONDS)
    finally:
        run.finish()


def _digest_on_server(name: str, server: Server) -> str | None:
    with translated(f"show the artifact {name}"):
        digest = server.api.artifact(name).metadata.get("digest")
    return digest if isinstance(digest, str) else None


def _kept(digest: str) -> GoldenSet | None:
    """This machine's copy, unless somebody changed it."""
    try:
        golden = load_golden(kept_golden_folder(digest))
    except InputError:
        return None
    return golden if golden.digest == digest else None


def _download(name: str, server: Server) -> GoldenSet:
    home().mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".golden-", dir=home()))
    try:
        with translated(f"send the artifact {name}"):
            server.api.artifact(name).download(root=str(folder / "set"), skip_cache=True)
        golden = load_golden(folder / "set")
        keep_golden(golden)
        return load_golden(kept_golden_folder(golden.digest))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
