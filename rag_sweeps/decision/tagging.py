"""Scores + question tags -> where the recommended configuration is worse than another, corrected over the tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rag_sweeps.decision.comparability import Comparable
from rag_sweeps.decision.values import Measured, TagResult
from rag_sweeps.records import Bools
from rag_sweeps.statistics import Comparison, PairedDifference, compared, paired_difference

FEWEST = 5
"""A tag with fewer questions is shown without a test: no pattern of five signs has p below .05."""


def tag_results(
    found: Comparable, recommended: Measured, best: Measured, tags: Mapping[str, Sequence[str]]
) -> tuple[TagResult, ...]:
    """One per tag, by name. Holm's correction runs over all tags and references; the rival's p over all pairs."""
    masks = {
        tag: mask
        for tag in sorted({tag for each in tags.values() for tag in each})
        if (mask := _mask(found.question_ids, tags, tag)).any()
    }
    references = {str(entry.baseline): entry for entry in found.entries if entry.baseline is not None}
    references = {"best": best, **references}
    references = {name: entry for name, entry in references.items() if entry.number != recommended.number}
    asked = [(tag, name) for tag, mask in masks.items() if mask.sum() >= FEWEST for name in references]
    tests = compared([_difference(found, recommended, references[name], masks[tag]) for tag, name in asked])
    versus: dict[str, dict[str, Comparison]] = {tag: {} for tag in masks}
    for (tag, name), test in zip(asked, tests, strict=True):
        versus[tag][name] = test
    n_pairs = max(1, len(masks) * (len(found.entries) - 1))
    return tuple(_result(found, recommended, tag, mask, versus[tag], n_pairs) for tag, mask in masks.items())


def _result(
    found: Comparable,
    recommended: Measured,
    tag: str,
    mask: Bools,
    versus: Mapping[str, Comparison],
    n_pairs: int,
) -> TagResult:
    rival = max(found.entries, key=lambda entry: float(found.scores[entry.number][mask].mean()))
    mean = float(found.scores[recommended.number][mask].mean())
    beaten = float(found.scores[rival.number][mask].mean()) > mean
    if not beaten or mask.sum() < FEWEST:
        return TagResult(tag, int(mask.sum()), mean, versus, None, None)
    difference = _difference(found, recommended, rival, mask)
    test = Comparison(difference, min(1.0, difference.p * n_pairs))
    return TagResult(tag, int(mask.sum()), mean, versus, rival, test)


def _mask(questions: Sequence[str], tags: Mapping[str, Sequence[str]], tag: str) -> Bools:
    return np.array([tag in tags.get(question, ()) for question in questions], dtype=np.bool_)


def _difference(found: Comparable, ours: Measured, theirs: Measured, mask: Bools) -> PairedDifference:
    return paired_difference(found.scores[ours.number][mask], found.scores[theirs.number][mask])
