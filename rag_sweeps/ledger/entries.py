"""Rows of a ledger -> what people and reports read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rag_sweeps.ledger.nano_dollars import to_usd
from rag_sweeps.records import Purpose, Usage

State = Literal["reserved", "settled", "given_up", "cached"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. usd: what it did cost; of a call that was given up and may have been billed, its worst case.

    reason: why it was given up. at: seconds since 1970, when it was reserved or came to its end.
    """

    id: int
    sweep_id: str
    trial_id: str
    question_id: str
    state: State
    usage: Usage
    worst_usd: float
    usd: float
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Spending:
    """What one provider did for one purpose. tokens: input and output; cached replies are no calls and cost nothing."""

    usd: float
    calls: int
    tokens: int
    cached_replies: int


def entry_of(row: Any) -> Entry:
    """A row of the calls table."""
    purpose: Purpose = row.purpose
    return Entry(
        id=row.id,
        sweep_id=row.sweep_id,
        trial_id=row.trial_id,
        question_id=row.question_id,
        state=row.state,
        usage=Usage(
            provider=row.provider,
            model=row.model,
            purpose=purpose,
            input_tokens=row.input_tokens,
            cached_tokens=row.cached_tokens,
            cache_write_tokens=row.cache_write_tokens,
            output_tokens=row.output_tokens,
            reasoning_tokens=row.reasoning_tokens,
            batch=row.batch,
            latency_s=row.latency_s,
            from_cache=row.from_cache,
        ),
        worst_usd=to_usd(row.worst_nano_usd),
        usd=to_usd(row.nano_usd),
        reason=row.reason,
        at=row.at,
    )
