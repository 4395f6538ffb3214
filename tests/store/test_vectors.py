"""The same text is never embedded twice, whoever asks, and damage is reported and mended."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import rows_of, wait_until

from rag_sweeps.errors import DamagedCacheWarning
from rag_sweeps.records import Embedded
from rag_sweeps.store.vectors import VectorCache

WORKER = """
import sys, time
import numpy as np
from rag_sweeps.records import Embedded
from rag_sweeps.store.vectors import VectorCache

log, first, last, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
texts = [f"text {number}" for number in range(first, last)]

def compute(missing):
    for text in missing:
        time.sleep(seconds)
        with open(log, "a") as file:
            file.write(text + "\\n")
        number = float(text.split()[1])
        one = np.ones(1)
        yield Embedded(np.array([[number, -number]], np.float32), one > 1, one.astype(np.int64), one)

found = VectorCache("model").get_or_compute(texts, role="document", compute=compute)
assert found.vectors[:, 0].tolist() == [float(number) for number in range(first, last)]
"""


class Model:
    """Embeds a text as (its length, the code of its first character) and remembers what it was asked."""

    def __init__(self, batch_size: int = 100) -> None:
        self.asked: list[str] = []
        self._batch_size = batch_size

    def __call__(self, texts: Sequence[str]) -> Iterator[Embedded]:
        self.asked.extend(texts)
        for at in range(0, len(texts), self._batch_size):
            yield rows_of([vector(text) for text in texts[at : at + self._batch_size]])


def vector(text: str) -> list[float]:
    return [float(len(text)), float(ord(text[0])) if text else 0.0]


def look_up(model: Model, *texts: str, role: str = "document", identity: str = "model") -> list[list[float]]:
    found = VectorCache(identity).get_or_compute(texts, role=role, compute=model)  # type: ignore[arg-type]
    rows: list[list[float]] = found.vectors.tolist()
    return rows


def only_file(home: Path) -> Path:
    (path,) = (home / "cache" / "vectors").glob("*.sqlite")
    return path


def start(log: Path, first: int, last: int, seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(log), str(first), str(last), str(seconds)])


def test_rows_come_in_the_order_of_the_texts() -> None:
    model = Model(batch_size=2)
    texts = ["ccc", "a", "bbbbb", "", "dd", "a"]
    assert look_up(model, *texts) == [vector(text) for text in texts]
    assert look_up(model, *reversed(texts)) == [vector(text) for text in reversed(texts)]


def test_a_text_is_computed_once_in_a_call_across_calls_and_across_instances() -> None:
    model = Model()
    look_up(model, "a", "b", "a")
    look_up(model, "b", "c")
    look_up(model, "c", "a")
    assert sorted(model.asked) == ["a", "b", "c"]


def test_only_what_is_missing_is_computed() -> None:
    look_up(Model(), "a", "b")
    model = Model()
    look_up(model, "b", "new", "a")
    assert model.asked == ["new"]


def test_nothing_missing_calls_nobody() -> None:
    look_up(Model(), "a")

    def refuse(texts: Sequence[str]) -> Iterator[Embedded]:
        raise AssertionError(texts)

    assert VectorCache("model").get_or_compute(["a"], role="document", compute=refuse).vectors.tolist() == [vector("a")]


def test_a_question_and_a_document_of_one_text_are_two() -> None:
    model = Model()
    look_up(model, "a", role="document")
    look_up(model, "a", role="query")
    assert model.asked == ["a", "a"]


def test_two_models_share_nothing() -> None:
    model = Model()
    look_up(model, "a", identity="one")
    look_up(model, "a", identity="two")
    assert model.asked == ["a", "a"]


@pytest.mark.parametrize(
    ("first", "second"), [("a", "A"), ("é", "e\u0301"), ("a", "a "), ("a\n", "a"), ("\ud800", "?")]
)
def test_texts_that_differ_in_a_character_are_two(first: str, second: str) -> None:
    model = Model()
    look_up(model, first, second)
    assert sorted(model.asked) == sorted([first, second])


def test_everything_about_a_row_is_kept() -> None:
    whole = Embedded(
        np.array([[1.5, np.nan, -0.0], [np.inf, 1e-45, 3.0]], dtype=np.float32),
        np.array([True, False]),
        np.array([7, 2**40]),
        np.array([0.1, 1e-9]),
    )
    for _ in range(2):
        found = VectorCache("model").get_or_compute(["a", "b"], role="query", compute=lambda texts: iter([whole]))
        assert found.vectors.tobytes() == whole.vectors.tobytes()
        assert found.vectors.dtype == np.float32
        assert found.truncated.tolist() == [True, False]
        assert found.n_tokens.tolist() == [7, 2**40]
        assert found.seconds.tolist() == [0.1, 1e-9]


def test_more_texts_than_one_query_can_name() -> None:
    texts = [f"text {number}" for number in range(1203)]
    look_up(Model(), *texts)
    model = Model()
    assert look_up(model, *texts) == [vector(text) for text in texts]
    assert model.asked == []


def test_progress_counts_the_missing_texts_alone() -> None:
    look_up(Model(), "a")
    told: list[tuple[int, int]] = []
    VectorCache("model").get_or_compute(
        ["a", "b", "c", "d"],
        role="document",
        compute=Model(batch_size=2),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-2:] == [(2, 3), (3, 3)]
    assert {total for _, total in told} == {3}


def test_a_model_that_fails_keeps_the_batches_before() -> None:
    def fail_later(texts: Sequence[str]) -> Iterator[Embedded]:
        yield rows_of([vector(texts[0])])
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        VectorCache("model").get_or_compute(["a", "bb"], role="document", compute=fail_later)
    model = Model()
    look_up(model, "a", "bb")
    assert model.asked == ["bb"]


def test_two_processes_embed_no_text_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = [start(log, 0, 30, 0.01), start(log, 15, 45, 0.01)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert Counter(log.read_text().splitlines()) == Counter(f"text {number}" for number in range(45))


def test_a_killed_process_keeps_its_batches_and_blocks_nobody(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = start(log, 0, 20, 0.1)
    wait_until(lambda: log.exists() and len(log.read_text().splitlines()) >= 5, "five texts are computed")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = log.read_text().splitlines()
    assert start(log, 0, 20, 0.0).wait(timeout=60) == 0
    after = log.read_text().splitlines()[len(before) :]
    # The text in flight when the process died may be computed again; no other.
    assert len(set(before) & set(after)) <= 1
    assert set(before) | set(after) == {f"text {number}" for number in range(20)}


def test_a_flipped_byte_in_a_row_is_reported_and_computed_again(home: Path) -> None:
    look_up(Model(), "a", "bb", "ccc")
    with sqlite3.connect(only_file(home)) as connection:
        rows = connection.execute("SELECT key, vector FROM vectors").fetchall()
        key, stored = next(row for row in rows if row[1] == np.array(vector("bb"), np.float32).tobytes())
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (bytes([stored[0] ^ 1]) + stored[1:], key))
    connection.close()
    model = Model()
    with pytest.warns(DamagedCacheWarning, match="1 cached vector"):
        assert look_up(model, "a", "bb", "ccc") == [vector("a"), vector("bb"), vector("ccc")]
    assert model.asked == ["bb"]
    assert look_up(model, "bb") == [vector("bb")]
    assert model.asked == ["bb"]


@pytest.mark.parametrize("column", ["truncated = 1 - truncated", "tokens = tokens + 1", "seconds = seconds * 2"])
def test_every_column_is_under_the_checksum(home: Path, column: str) -> None:
    look_up(Model(), "a")
    with sqlite3.connect(only_file(home)) as connection:
        connection.execute(f"UPDATE vectors SET {column}")
    connection.close()
    model = Model()
    with pytest.warns(DamagedCacheWarning):
        look_up(model, "a")
    assert model.asked == ["a"]


def test_a_row_under_another_text_is_damage(home: Path) -> None:
    look_up(Model(), "a", "bb")
    with sqlite3.connect(only_file(home)) as connection:
        (first, second) = [key for (key,) in connection.execute("SELECT key FROM vectors")]
        connection.execute("DELETE FROM vectors WHERE key = ?", (second,))
        connection.execute("UPDATE vectors SET key = ? WHERE key = ?", (second, first))
    connection.close()
    with pytest.warns(DamagedCacheWarning):
        assert look_up(Model(), "a", "bb") == [vector("a"), vector("bb")]


@pytest.mark.parametrize("content", [b"no database at all, only text" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_of_garbage_is_replaced(home: Path, content: bytes) -> None:
    look_up(Model(), "a")
    only_file(home).write_bytes(content)
    model = Model()
    with pytest.warns(DamagedCacheWarning, match="computed again"):
        assert look_up(model, "a", "b") == [vector("a"), vector("b")]
    assert sorted(model.asked) == ["a", "b"]
    assert look_up(model, "a", "b") == [vector("a"), vector("b")]
    assert sorted(model.asked) == ["a", "b"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_truncated_file_works_again(home: Path, share: float) -> None:
    texts = [f"{'x' * number}" for number in range(1, 400)]
    look_up(Model(), *texts)
    content = only_file(home).read_bytes()
    only_file(home).write_bytes(content[: int(share * len(content))])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert look_up(Model(), *texts) == [vector(text) for text in texts]
    # An empty file is an empty database: there is nothing to report.
    assert {warning.category for warning in caught} == ({DamagedCacheWarning} if share else set())
    model = Model()
    assert look_up(model, *texts) == [vector(text) for text in texts]
    assert model.asked == []


def test_a_byte_flipped_anywhere_never_gives_a_wrong_vector(home: Path) -> None:
    texts = ["a", "bb", "ccc"]
    look_up(Model(), *texts)
    path = only_file(home)
    content = path.read_bytes()
    for at in [*range(0, 100, 3), *range(100, len(content), 61)]:
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedCacheWarning)
            assert look_up(Model(), *texts) == [vector(text) for text in texts], at


def test_a_table_of_another_shape_is_replaced(home: Path) -> None:
    look_up(Model(), "a")
    with sqlite3.connect(only_file(home)) as connection:
        connection.execute("ALTER TABLE vectors DROP COLUMN seconds")
    connection.close()
    with pytest.warns(DamagedCacheWarning):
        assert look_up(Model(), "a") == [vector("a")]


def test_the_cache_is_a_plain_database(home: Path) -> None:
    look_up(Model(), "a")
    assert only_file(home).read_bytes().startswith(b"SQLite format 3\0")
    with sqlite3.connect(only_file(home)) as connection:
        ((stored,),) = connection.execute("SELECT vector FROM vectors")
    connection.close()
    assert np.frombuffer(stored, dtype=np.float32).tolist() == vector("a")
    others = [path.name for path in home.rglob("*") if path.is_file() and path.suffix not in (".sqlite", ".lock")]
    assert others == []
