"""Who runs a baseline, where several machines could: the one that made its run on the server."""

from __future__ import annotations

from rag_sweeps.hosting.work import Work
from rag_sweeps.tracking.server import Server

CLAIM = """
mutation UpsertBucket($project: String, $entity: String, $name: String!, $groupName: String, $jobType: String) {
  upsertBucket(input: {
    modelName: $project, entityName: $entity, name: $name, groupName: $groupName, jobType: $jobType
  }) { bucket { id name } inserted }
}
"""


def claim_run(work: Work, run_id: str, server: Server) -> bool:
    """Make the run; False where somebody has made it before."""
    variables = {
        "project": server.address.project,
        "entity": server.address.entity,
        "name": run_id,
        "groupName": work.hosted.sweep,
        "jobType": "baseline",
    }
    answer = server.call(CLAIM, variables, what=f"make run {run_id}")
    return bool(answer["upsertBucket"]["inserted"])
