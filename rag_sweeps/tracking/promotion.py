"""A passed gate -> the candidate's configuration in W&B's Registry, with who compared what, when and how it came out.

Lineage: golden set -> trial's run -> result -> promotion run -> configuration -> registry.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rag_sweeps.errors import InputError
from rag_sweeps.gating import Gate
from rag_sweeps.records import TrialResult
from rag_sweeps.store.files import digest_of
from rag_sweeps.tracking.artifacts import RESULT_TYPE, configuration_artifact, result_artifact, result_name
from rag_sweeps.tracking.privacy import Privacy
from rag_sweeps.tracking.server import Server
from rag_sweeps.tracking.time_limit import within
from rag_sweeps.tracking.wandb_runs import RunPlace, open_run

if TYPE_CHECKING:
    import wandb

REGISTRY_PREFIX = "wandb-registry-"
DIGEST_KEY = "comparison_digest"
PROMOTE_SECONDS = 120.0
COMMIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Promotion:
    """What takes whose place, why, and where. name: of the configuration, by which its versions belong together.

    registry: NAME or NAME/COLLECTION.
    """

    gate: Gate
    baseline: TrialResult
    candidate: TrialResult
    name: str
    registry: str
    alias: str
    privacy: Privacy

    @property
    def collection(self) -> str:
        """The path that W&B links to."""
        registry, _, collection = self.registry.removeprefix(REGISTRY_PREFIX).partition("/")
        artifact = configuration_artifact(self.name, {}, {}).name
        return f"{REGISTRY_PREFIX}{registry}/{collection or artifact}"

    @property
    def comparison(self) -> dict[str, Any]:
        """What was compared and how it came out: the same for the same promotion, whoever repeats it."""
        found = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(self.gate).items()
        }
        return {**found, "golden_digest": self.candidate.golden_digest}

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the candidate; the name of a golden set may not leave where its texts may not."""
        return {
            name: value
            for name, value in self.candidate.params.items()
            if self.privacy.full or name not in ("golden_set", "logged_text")
        }


def promote(promotion: Promotion, server: Server) -> tuple[str, bool]:
    """The linked version's full name, and True where it was linked now; False where it has the alias already.

    Raises InputError where W&B refuses (no such registry, no right to link) and ServerDownError.
    """
    assert promotion.gate.is_promoted, "only a passed gate promotes"
    what = f"link the configuration to {promotion.collection}"
    return within(PROMOTE_SECONDS, lambda: _promote(promotion, server), what=what)


def _promote(promotion: Promotion, server: Server) -> tuple[str, bool]:
    linked = f"{promotion.collection}:{promotion.alias}"
    digest = digest_of([promotion.comparison, promotion.parameters])
    if server.api.artifact_exists(linked):
        known = server.api.artifact(linked)
        if known.metadata.get(DIGEST_KEY) == digest:
            return str(known.qualified_name), False
    about = {
        **promotion.comparison,
        DIGEST_KEY: digest,
        "promoted_by": _user(server),
        "promoted_for": server.address.entity,
        "promoted_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    place = RunPlace(
        run_id=f"promotion-{digest[:12]}",
        name=f"promote {promotion.candidate.trial_id[:6]} over {promotion.baseline.trial_id[:6]}",
        group="promotions",
        job_type="promotion",
        entity=server.address.entity,
        project=server.address.project,
        base_url=server.address.base_url,
    )
    run = open_run(place, mode="online", config=about, resume=True)
    code = 1
    try:
        for result in {each.trial_id: each for each in (promotion.baseline, promotion.candidate)}.values():
            _use_result(run, result, promotion.privacy, server)
        artifact = configuration_artifact(promotion.name, promotion.parameters, about)
        _add_comparison(artifact, promotion.comparison)
        logged = run.log_artifact(artifact, aliases=["latest"]).wait(timeout=COMMIT_SECONDS)
        name = _link(run, logged, promotion)
        run.summary.update({"linked": name})
        code = 0
    finally:
        run.finish(exit_code=code)
    return name, True


def _link(run: wandb.Run, logged: wandb.Artifact, promotion: Promotion) -> str:
    try:
        return str(run.link_artifact(logged, promotion.collection, aliases=[promotion.alias]).qualified_name)
    except ValueError as error:  # an entity outside of any organization, which alone has registries
        raise InputError(
            f"W&B did not link to {promotion.collection}: {error}; registries belong to an organization: "
            "set WANDB_ENTITY to a team of it"
        ) from error


def _use_result(run: wandb.Run, result: TrialResult, privacy: Privacy, server: Server) -> None:
    """What the server has of a trial; a trial that it never saw is logged with what was compared here."""
    name = f"{server.address}/{result_name(result.trial_id)}:latest"
    if server.api.artifact_exists(name, type=RESULT_TYPE):
        run.use_artifact(name)
        return
    if not privacy.full:
        result = replace(result, params={**result.params, "logged_text": "digests"})
    run.use_artifact(result_artifact(result))


def _add_comparison(artifact: wandb.Artifact, comparison: Mapping[str, Any]) -> None:
    with artifact.new_file("comparison.json", mode="w", encoding="utf-8") as file:
        file.write(json.dumps(dict(comparison), indent=2, sort_keys=True) + "\n")


def _user(server: Server) -> str:
    viewer = server.api.viewer
    return str(viewer.username or viewer.email or "unknown")
