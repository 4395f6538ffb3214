"""Files are whole or not there, and equal values have one text."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from rag_sweeps.store.files import canonical_json, digest_of, home, write_bytes_atomic, write_text_atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "a" / "b" / "c.txt", "Zürich\r\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "Zürich\r\n".encode()
    assert names(tmp_path / "a" / "b") == ["c.txt"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_bytes_atomic(path, b"a long first version")
    write_bytes_atomic(path, b"short")
    assert path.read_bytes() == b"short"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("step", ["replace", "fsync"])
@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        write_bytes_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


def test_a_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomic(path, "\ud800")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


def test_home_is_what_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_SWEEPS_HOME", "elsewhere")
    assert home() == tmp_path / "elsewhere"


@pytest.mark.parametrize("value", [None, ""])
def test_home_is_a_hidden_folder_here_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("RAG_SWEEPS_HOME")
    if value is not None:
        monkeypatch.setenv("RAG_SWEEPS_HOME", value)
    assert home() == tmp_path / ".rag_sweeps"


def test_the_order_of_keys_does_not_change_a_digest() -> None:
    first = {"b": {"y": 1, "x": [1, 2]}, "a": None}
    second = {"a": None, "b": {"x": [1, 2], "y": 1}}
    assert canonical_json(first) == canonical_json(second) == '{"a":null,"b":{"x":[1,2],"y":1}}'
    assert digest_of(first) == digest_of(second)
    assert len(digest_of(first)) == 64


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [2, 1]), (1, True), (1, 1.0), (0.1, 0.1 + 2**-54), ("é", "e"), (None, "null")]
)
def test_different_values_have_different_digests(first: object, second: object) -> None:
    assert digest_of(first) != digest_of(second)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest_of({"x": value})
