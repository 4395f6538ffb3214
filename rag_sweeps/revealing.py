"""One measured trial -> the objective of other configurations that it told for nothing.

One ranking serves every top_k, and a fused ranking is made of two others. Where the objective rests on rankings alone,
their values follow from the curves of the trial, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag_sweeps.curves import CONTEXT_TOKENS
from rag_sweeps.objective import OBJECTIVE
from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.records import CURVE_DEPTH, TrialResult
from rag_sweeps.search import SearchSpace

Revealed = tuple[dict[str, Any], float]


def revealed_by(
    result: TrialResult, proposal: Mapping[str, Any], space: SearchSpace, *, metric: str, settings: Mapping[str, Any]
) -> tuple[Revealed, ...]:
    """(proposal, value of `metric`) of every other configuration of the space that the result holds the value of."""
    if metric == OBJECTIVE:
        quality, weight, cost = str(settings["quality_metric"]), float(settings["cost_weight"]), settings["cost_metric"]
    else:
        quality, weight, cost = metric, 0.0, None
    family, _, label = quality.partition("@")
    cut = {**space.constants, **proposal}.get("max_context_tokens") is not None
    if not label or (weight and (cost != CONTEXT_TOKENS or cut)):
        return ()
    found = []
    for other in _others(result, proposal, space):
        retriever = str({**space.constants, **other}.get("retriever", DEFAULTS["retriever"]))
        top_k = int({**space.constants, **other}.get("top_k", DEFAULTS["top_k"]))
        cutoff = top_k if label == "top_k" else int(label)
        curves = result.curves[retriever]
        if family in curves and max(cutoff, top_k) <= CURVE_DEPTH:
            value = curves[family][cutoff - 1]
            found.append((other, value - weight * curves[CONTEXT_TOKENS][top_k - 1] if weight else value))
    return tuple(found)


def _others(result: TrialResult, proposal: Mapping[str, Any], space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Proposals that differ in retriever and top_k alone, each distinct trial once, the measured one left out."""
    retrievers = sorted(result.curves) if "retriever" in proposal else [proposal.get("retriever")]
    top_ks = range(1, CURVE_DEPTH + 1) if "top_k" in proposal else [None]
    seen = {space.identity(proposal)}
    for retriever in retrievers:
        for top_k in top_ks:
            changed = {"retriever": retriever, "top_k": top_k}
            other = {**proposal, **{name: value for name, value in changed.items() if name in proposal}}
            if space.contains(other) and space.identity(other) not in seen:
                seen.add(space.identity(other))
                yield other
