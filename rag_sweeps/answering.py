"""Questions + passages -> answers: picks the generator a config names."""

from __future__ import annotations

from rag_sweeps.embedding import packaged_unit_vectors
from rag_sweeps.parameters import TrialParams
from rag_sweeps.protocols import Caller, Generator, Progress
from rag_sweeps.providers.extractive import ExtractiveGenerator


def prompt_revision(params: TrialParams) -> str | None:
    return None


def open_generator(
    params: TrialParams, *, caller: Caller | None, trial_id: str, progress: Progress
) -> Generator | None:
    """The generator of a trial; None where only retrieval is measured."""
    if params.generator == "none":
        return None
    return ExtractiveGenerator(
        n_sentences=params.answer_sentences,
        abstain_below=params.abstain_below,
        unit_vectors=packaged_unit_vectors(progress),
    )
