"""Usage of a trial -> what its configuration costs in use: the corpus once, then every question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rag_sweeps import costs
from rag_sweeps.parameters import TrialParams
from rag_sweeps.prices import open_prices
from rag_sweeps.records import Answer, TrialCosts, Usage, Verdict
from rag_sweeps.retrieval import Retrieved


def costs_in_use(
    params: TrialParams,
    found: Retrieved,
    answers: Sequence[Answer | None],
    verdicts: Sequence[Verdict | None],
    context_tokens_per_question: float,
) -> TrialCosts:
    """At the full price of every call, whoever answered it when; the judge is in `usd` and in nothing else."""
    prices = open_prices(params.prices)
    written = [answer for answer in answers if answer is not None]
    indexing, asking = list(found.usage[:1]), list(found.usage[1:])
    answering = [reply.usage for answer in written for reply in answer.replies]
    judging = [reply.usage for verdict in verdicts if verdict is not None for reply in verdict.replies]

    def usd(usages: Iterable[Usage]) -> float:
        return costs.total_usd(costs.usd_by_provider(usages, prices))

    usd_per_question = usd(asking) / max(len(answers), 1) + usd(answering) / max(len(written), 1)
    search_p50, search_p95 = _percentiles(found.search_ms.tolist()) or (0.0, 0.0)
    answer_p50, answer_p95 = _percentiles(
        [1000 * sum(reply.usage.latency_s for reply in answer.replies) for answer in written if answer.replies]
    ) or (None, None)
    return TrialCosts(
        usd=costs.usd_by_provider([*indexing, *asking, *answering, *judging], prices),
        usd_to_index=usd(indexing),
        usd_per_1k_questions=1000 * usd_per_question,
        embed_tokens=sum(usage.input_tokens for usage in found.usage),
        embed_seconds=sum(usage.latency_s for usage in found.usage),
        index_build_seconds=found.build_seconds,
        index_bytes=found.index_bytes,
        search_ms_p50=search_p50,
        search_ms_p95=search_p95,
        context_tokens_per_question=context_tokens_per_question,
        answer_ms_p50=answer_p50,
        answer_ms_p95=answer_p95,
    )


def _percentiles(milliseconds: Sequence[float]) -> tuple[float, float] | None:
    """Median and 95th percentile; None of nothing."""
    if not milliseconds:
        return None
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return float(p50), float(p95)
