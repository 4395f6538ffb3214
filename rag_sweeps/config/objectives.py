"""The metrics a trial logs: their names, which direction is better, and which of them can feel top_k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rag_sweeps.config.problems import suggest
from rag_sweeps.parameters import MODEL_VERDICTS

Goal = Literal["maximize", "minimize"]

OBJECTIVE = "objective"

# records.CUTOFFS, spelt out because records imports numpy and `rag-sweeps check` must start at once; a test compares.
CUTOFF_LABELS = ("1", "3", "5", "10", "20", "top_k")

RETRIEVAL_FAMILIES = (
    *("hit_rate", "mrr", "recall", "precision", "ndcg", "map"),
    *("char_recall", "char_precision", "char_iou"),
)
ANSWER_METRICS = ("answer_score", "answer_f1", "answer_similarity", *MODEL_VERDICTS)
QUALITY_METRICS = (
    *(f"{family}@{label}" for family in RETRIEVAL_FAMILIES for label in CUTOFF_LABELS),
    *ANSWER_METRICS,
)
COST_METRICS = (
    *("context_tokens_per_question", "usd_per_1k_questions", "usd_to_index", "embed_seconds", "index_build_seconds"),
    *("index_bytes", "search_ms_p50", "search_ms_p95", "answer_ms_p50", "answer_ms_p95", "n_chunks", "truncated_share"),
)
METRICS = (OBJECTIVE, *QUALITY_METRICS, *COST_METRICS)

# A longer list can only add hits here. precision, char_precision and char_iou also lose, and nDCG's ideal moves.
_RISING_FAMILIES = ("hit_rate", "mrr", "recall", "map", "char_recall")
_FEEL_ANSWERS = (*ANSWER_METRICS, "usd_per_1k_questions", "answer_ms_p50", "answer_ms_p95")


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing a sweep optimises."""

    name: str
    goal: Goal


def right_goal(metric: str) -> Goal:
    """The direction in which a known metric is better."""
    return "minimize" if metric in COST_METRICS else "maximize"


def suggest_metric(name: object, known: tuple[str, ...]) -> str:
    """The remedy for an unknown metric name."""
    family = name.partition("@")[0] if isinstance(name, str) else ""
    if f"{family}@1" in known:
        return f"write {family}@<cutoff>, the cutoff one of {', '.join(CUTOFF_LABELS)}"
    few = tuple(f"{family}@10" for family in RETRIEVAL_FAMILIES) + ANSWER_METRICS
    shown = [metric for metric in (OBJECTIVE, *few, *COST_METRICS) if metric in known]
    return suggest(name, known, f"write one of {', '.join(shown)}")


def feels_top_k(metric: str) -> bool:
    """Whether the number of passages given to the generator can move it."""
    return metric.endswith("@top_k") or metric == "context_tokens_per_question" or feels_answers(metric)


def feels_answers(metric: str) -> bool:
    """Whether how answers are written can move it."""
    return metric in _FEEL_ANSWERS


def only_rises_with_top_k(metric: str) -> bool:
    """Whether a larger top_k can never make it worse."""
    return metric in {f"{family}@top_k" for family in _RISING_FAMILIES}


def racing_weight(names: Sequence[str], settings: Mapping[str, Any]) -> float | None:
    """What a context token costs in a sweep that can race; None for one that cannot.

    A race looks at answers one question at a time: there has to be one objective, a score of answers, with no cost but
    the context tokens of the question. settings: quality_metric, cost_metric, cost_weight.
    """
    if len(names) != 1:
        return None
    weight = float(settings["cost_weight"]) if names[0] == OBJECTIVE else 0.0
    quality = settings["quality_metric"] if names[0] == OBJECTIVE else names[0]
    if quality not in ANSWER_METRICS or (weight and settings["cost_metric"] != "context_tokens_per_question"):
        return None
    return weight
