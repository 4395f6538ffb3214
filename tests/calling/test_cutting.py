"""What is left of a text that is longer than its model takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_sweeps.calling import cutting
from rag_sweeps.calling.cutting import cut, max_tokens


@pytest.fixture(autouse=True)
def no_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    cutting._encoding.cache_clear()
    yield
    cutting._encoding.cache_clear()


def test_only_openai_has_a_limit_that_is_known() -> None:
    assert max_tokens("openai:text-embedding-3-small") == 8191
    assert max_tokens("compatible:bge-m3") is None


def test_a_text_that_fits_is_the_same() -> None:
    assert cut("x" * 8191, 8191) == "x" * 8191
    assert cut("x" * 100_000, None) == "x" * 100_000


def test_without_the_encoding_bytes_bound_the_tokens() -> None:
    assert cut("x" * 9000, 8191) == "x" * 8191


def test_no_character_is_cut_through() -> None:
    assert cut("語" * 5, 7) == "語語"
    assert cut("😀" * 5, 11) == "😀😀"


class Pairs:
    """Stands in for cl100k_base: two bytes are a token."""

    def encode_ordinary(self, text: str) -> list[bytes]:
        content = text.encode()
        return [content[at : at + 2] for at in range(0, len(content), 2)]

    def decode_bytes(self, tokens: list[bytes]) -> bytes:
        return b"".join(tokens)


def test_with_the_encoding_tokens_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_encoding", Pairs)
    monkeypatch.setattr(Pairs, "cache_clear", lambda: None, raising=False)
    assert cut("x" * 20, 10) == "x" * 20
    assert cut("x" * 21, 10) == "x" * 20
    assert cut("語" * 7, 10) == "語" * 6
