"""Searches kept by what decides them, so one retrieval serves every top_k, judge and repeat."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.index import Searched
from rag_sweeps.records import Ranking
from rag_sweeps.store.files import home, write_bytes_atomic


def get_or_search(key: str, search: Callable[[], Searched]) -> Searched:
    """The search stored under this digest, or a new one that is then stored (npz without pickle, CRC-checked)."""
    path = home() / "cache" / "rankings" / key[:2] / f"{key}.npz"
    if path.is_file():
        try:
            return _decode(path.read_bytes())
        except Exception as error:  # a damaged archive can raise nearly anything
            warnings.warn(f"{path} is damaged ({error}); searching again", DamagedCacheWarning, stacklevel=2)
    found = search()
    write_bytes_atomic(path, _encode(found))
    return found


def _encode(found: Searched) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        rows=found.ranking.rows.astype(np.int32),
        scores=found.ranking.scores,
        search_ms=found.search_ms,
        stats=np.array([found.build_seconds, found.index_bytes, np.nan if found.recall is None else found.recall]),
    )
    return buffer.getvalue()


def _decode(content: bytes) -> Searched:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        build_seconds, index_bytes, recall = stored["stats"].tolist()
        return Searched(
            ranking=Ranking(stored["rows"].astype(np.int64), stored["scores"]),
            build_seconds=build_seconds,
            index_bytes=int(index_bytes),
            search_ms=stored["search_ms"],
            recall=None if np.isnan(recall) else recall,
        )
