"""A search is done once, and a damaged one is done again."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.index import Searched
from rag_sweeps.records import Ranking
from rag_sweeps.store.rankings import get_or_search

KEY = "ab" * 32


def searched(recall: float | None = None, n_questions: int = 3) -> Searched:
    rng = np.random.default_rng(n_questions)
    rows = np.arange(n_questions * 4, dtype=np.int64).reshape(n_questions, 4)
    rows[:, 3] = -1
    return Searched(
        Ranking(rows, rng.random((n_questions, 4), dtype=np.float32)), 0.125, 2**40, rng.random(n_questions), recall
    )


class Search:
    """Counts how often it is done."""

    def __init__(self, result: Searched) -> None:
        self.result, self.n_calls = result, 0

    def __call__(self) -> Searched:
        self.n_calls += 1
        return self.result


def equal(first: Searched, second: Searched) -> bool:
    return (
        first.ranking.rows.tolist() == second.ranking.rows.tolist()
        and first.ranking.scores.tobytes() == second.ranking.scores.tobytes()
        and first.search_ms.tolist() == second.search_ms.tolist()
        and (first.build_seconds, first.index_bytes, first.recall)
        == (second.build_seconds, second.index_bytes, second.recall)
    )


def only_file(home: Path) -> Path:
    (path,) = (home / "cache" / "rankings").rglob("*.npz")
    return path


@pytest.mark.parametrize("recall", [None, 0.0, 0.75, 1.0])
@pytest.mark.parametrize("n_questions", [0, 1, 3])
def test_a_search_is_done_once_and_read_back_exactly(recall: float | None, n_questions: int) -> None:
    search = Search(searched(recall, n_questions))
    first, again = get_or_search(KEY, search), get_or_search(KEY, search)
    assert search.n_calls == 1
    assert equal(first, search.result)
    assert equal(again, search.result)
    assert again.ranking.rows.dtype == np.int64
    assert again.ranking.scores.dtype == np.float32


def test_another_key_is_another_search() -> None:
    search = Search(searched())
    get_or_search(KEY, search)
    get_or_search("cd" * 32, search)
    assert search.n_calls == 2


def test_the_file_holds_arrays_and_no_pickle(home: Path) -> None:
    get_or_search(KEY, Search(searched()))
    with np.load(only_file(home), allow_pickle=False) as stored:
        assert {stored[name].dtype.kind for name in stored.files} <= {"i", "f"}


@pytest.mark.parametrize("content", [b"", b"PK", b"garbage" * 100])
def test_a_damaged_file_is_reported_and_searched_again(home: Path, content: bytes) -> None:
    search = Search(searched())
    get_or_search(KEY, search)
    only_file(home).write_bytes(content)
    with pytest.warns(DamagedCacheWarning, match="searching again"):
        assert equal(get_or_search(KEY, search), search.result)
    assert search.n_calls == 2
    get_or_search(KEY, search)
    assert search.n_calls == 2


def test_half_a_file_is_reported_and_searched_again(home: Path) -> None:
    search = Search(searched())
    get_or_search(KEY, search)
    content = only_file(home).read_bytes()
    only_file(home).write_bytes(content[: len(content) // 2])
    with pytest.warns(DamagedCacheWarning, match="searching again"):
        assert equal(get_or_search(KEY, search), search.result)


def test_a_file_without_one_of_its_arrays_is_damage(home: Path) -> None:
    search = Search(searched())
    get_or_search(KEY, search)
    np.savez(only_file(home), rows=np.zeros((3, 4)))
    with pytest.warns(DamagedCacheWarning):
        assert equal(get_or_search(KEY, search), search.result)


def test_a_byte_flipped_or_cut_off_anywhere_never_gives_a_wrong_ranking(home: Path) -> None:
    search = Search(searched())
    get_or_search(KEY, search)
    path = only_file(home)
    content = path.read_bytes()
    broken = {
        f"flip {at}": content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :] for at in range(0, len(content), 3)
    }
    broken |= {f"cut {at}": content[:at] for at in range(0, len(content), 29)}
    escaped = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedCacheWarning)
        for name, damaged in broken.items():
            path.write_bytes(damaged)
            try:
                assert equal(get_or_search(KEY, search), search.result), name
            except AssertionError:
                raise
            except Exception as error:
                escaped[name] = f"{type(error).__name__}: {error}"
    assert not escaped, dict(list(escaped.items())[:5])
