"""A space -> whether W&B's own Bayesian search would repeat itself on it."""

from __future__ import annotations

from rag_sweeps.search.space import SearchSpace

SMALL = 1_000
"""Configurations below which W&B's search was seen to propose some of them again within 20 trials."""


def repeats_on_server(space: SearchSpace) -> str | None:
    """Why `method: bayes` on the W&B server wastes trials on this space, or None."""
    if space.points is None or len(space.points) > SMALL:
        return None
    return (
        f"W&B's own bayes search does not remember what it proposed: on a finite space like this one "
        f"({len(space.points)} distinct configurations) it runs some of them again. "
        "Use `wandb sweep-scheduler` or a local sweep, which never do"
    )
