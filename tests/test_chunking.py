from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import AWKWARD, examples, needs_tiktoken

from rag_sweeps.chunking import chunk_documents, chunk_texts, sentence_starts
from rag_sweeps.records import Document
from rag_sweeps.tokenization import tokenize

CHUNKERS = ("tokens", "recursive", "sentences", "markdown")
MINILM = "all-MiniLM-L6-v2"
TOKENIZERS = [MINILM, "chars", pytest.param("tiktoken:cl100k_base", marks=needs_tiktoken)]

MANUAL = (
    "# Fees\n\nThe fee is 12 euros. It is due monthly.\r\n\r\n## Refunds\n\n| plan | fee |\n|---|---|\n| a | 1 |\n\n"
    "```\n# not a heading\nx = 1\n```\n\n- one\n- two\n\nSetext\n======\nLast words."
)
AWKWARD_TEXTS = {
    "manual": MANUAL,
    "lone CR": "first line\rsecond line\r\rthird paragraph\r",
    "CRLF": "first line\r\nsecond line\r\n\r\nthird paragraph\r\n",
    "combining": "e\u0301te\u0301 " * 30 + "a" + "\u0301" * 40,
    "emoji": "👩‍👩‍👧‍👦👍🏽🏳️‍🌈" * 12,
    "Hangul": "값비싼 수수료는 환불되지 않습니다. " * 6,
    "Thai": "ค่าธรรมเนียมไม่สามารถขอคืนได้" * 5,
    "endless word": "x" * 10_000,
    "table": "| a | b |\n|---|---|\n" + "| cell | other |\n" * 20,
    "fence": "```python\n" + "call(1)\n\n" * 20 + "```\n",
    "NUL": "one\x00two \x00\x00 three\x00",
    "only NUL": "\x00\x00",
    "line separators": "one\u2028two\u2029three\x0bfour\x0cfive\x85six",
    "spaces outside": "\n \t words in the middle \n\n ",
}


def chunks_of(text: str, chunker: str, size: int, overlap: float = 0.0, tokenizer: str = "chars") -> list[str]:
    documents = [Document("d", text)]
    chunks = chunk_documents(documents, chunker=chunker, chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer)
    return chunk_texts(chunks, documents)


def assert_sound(text: str, chunker: str, size: int, overlap: float, tokenizer: str) -> None:
    """Everything that holds of every chunker."""
    documents = [Document("none", ""), Document("d", text)]
    chunks = chunk_documents(documents, chunker=chunker, chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer)
    assert set(chunks.doc.tolist()) <= {1}
    spans = list(zip(chunks.start.tolist(), chunks.end.tolist(), strict=True))
    assert chunk_texts(chunks, documents) == [text[start:end] for start, end in spans]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    tokens = tokenize(text, tokenizer)
    if tokens.total == 0 or not text.strip():
        assert spans == []
        return

    covered = {position for start, end in spans for position in range(start, end)}
    assert [position for position, c in enumerate(text) if position not in covered and not c.isspace()] == []

    weight_at = token_weights(text, tokenizer)
    for (start, end), n_tokens in zip(spans, chunks.n_tokens.tolist(), strict=True):
        weights = [weight_at[at] for at in range(start, end) if at in weight_at]
        assert n_tokens == sum(weights) > 0
        assert n_tokens <= size or len(weights) == 1
    for (start, end), (next_start, _) in pairwise(spans):
        assert start < next_start <= end
        if overlap == 0:
            assert next_start == end


def token_weights(text: str, tokenizer: str) -> dict[int, int]:
    """Character -> how many tokens begin there."""
    tokens = tokenize(text, tokenizer)
    return dict(zip(tokens.start.tolist(), np.diff(tokens.before).tolist(), strict=True))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("chunker", CHUNKERS)
@pytest.mark.parametrize("name", AWKWARD_TEXTS)
def test_awkward_texts_are_cut_soundly(name: str, chunker: str, tokenizer: str) -> None:
    sizes = (64,) if name == "endless word" else (8, 13, 64)
    for size in sizes:
        for overlap in (0.0, 0.125, 0.5, 0.9):
            assert_sound(AWKWARD_TEXTS[name], chunker, size, overlap, tokenizer)


CUTS = (AWKWARD, st.sampled_from(CHUNKERS), st.integers(8, 24), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9]))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@examples(150)
@given(*CUTS)
def test_random_texts_are_cut_soundly(tokenizer: str, text: str, chunker: str, size: int, overlap: float) -> None:
    assert_sound(text, chunker, size, overlap, tokenizer)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@examples(150)
@given(*CUTS)
def test_a_chunk_repeats_no_more_than_the_share_of_the_tokens_before_it(
    tokenizer: str, text: str, chunker: str, size: int, overlap: float
) -> None:
    chunks = chunk_documents(
        [Document("d", text)], chunker=chunker, chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer
    )
    weight_at = token_weights(text, tokenizer)
    for begin, end, n_tokens in zip(chunks.start[1:], chunks.end, chunks.n_tokens, strict=False):
        repeated = sum(weight_at.get(at, 0) for at in range(begin, end))
        assert repeated <= Fraction(str(overlap)) * int(n_tokens)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@examples(150)
@given(*CUTS)
def test_every_chunk_ends_after_the_one_before_it(
    tokenizer: str, text: str, chunker: str, size: int, overlap: float
) -> None:
    chunks = chunk_documents(
        [Document("d", text)], chunker=chunker, chunk_size=size, chunk_overlap=overlap, tokenizer=tokenizer
    )
    assert all(end < next_end for end, next_end in pairwise(chunks.end.tolist()))


def test_no_chunk_lies_inside_the_one_before_it() -> None:
    chunks = chunks_of("ccc. eeeeeeeee eeeeeeeee", "sentences", 8, 0.5, MINILM)
    assert not any(later in earlier for earlier, later in pairwise(chunks))


def test_the_repeated_share_counts_tokens_and_not_characters() -> None:
    # The syllable is three word pieces: half of eight tokens is four, "e" and the syllable.
    text = "a b c d e 한 f g h"
    assert sorted(token_weights(text, MINILM).values()) == [1] * 8 + [3]
    assert chunks_of(text, "tokens", 8, 0.5, MINILM) == ["a b c d e 한 ", "e 한 f g h"]


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "\r\n\r\n", "\u3000\u00a0"], ids=ascii)
def test_white_space_only_documents_have_no_chunk(text: str, tokenizer: str) -> None:
    for chunker in CHUNKERS:
        assert chunks_of(text, chunker, 8, 0.25, tokenizer) == []


def test_no_documents_have_no_chunks() -> None:
    assert len(chunk_documents([], chunker="tokens", chunk_size=8, chunk_overlap=0.0, tokenizer="chars")) == 0


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_heading_early_in_a_chunk_keeps_some_of_its_body(tokenizer: str) -> None:
    text = "Intro.\n\n## Head\n\nBody text goes on and on, word by word, and does not end."
    for size in range(8, 40):
        for chunk in chunks_of(text, "markdown", size, 0.0, tokenizer):
            assert not chunk.rstrip().endswith("Head") or chunk.startswith("## Head"), size


def test_documents_keep_their_numbers_and_order() -> None:
    documents = [Document("a", "abcdefgh" * 2), Document("b", ""), Document("c", "xyz")]
    chunks = chunk_documents(documents, chunker="tokens", chunk_size=8, chunk_overlap=0.0, tokenizer="chars")
    assert chunks.doc.tolist() == [0, 0, 2]
    assert chunk_texts(chunks, documents) == ["abcdefgh", "abcdefgh", "xyz"]


def test_tokens_are_exact_windows_without_overlap() -> None:
    text = "abcdefghijklmnopqrst"
    assert chunks_of(text, "tokens", 8) == ["abcdefgh", "ijklmnop", "qrst"]


def test_tokens_are_exact_windows_that_repeat_the_share() -> None:
    text = "abcdefghijklmnopqrst"
    assert chunks_of(text, "tokens", 8, 0.25) == ["abcdefgh", "ghijklmn", "mnopqrst"]


def test_an_endless_word_is_split_for_word_pieces() -> None:
    assert len(chunks_of("x" * 10_000, "recursive", 64, tokenizer=MINILM)) >= 5


def test_sentences_are_not_torn_when_they_fit() -> None:
    text = "The fee is due. You pay it now. We thank you all. Good bye then."
    assert chunks_of(text, "sentences", 34) == ["The fee is due. You pay it now. ", "We thank you all. Good bye then."]


def test_overlap_begins_at_a_sentence() -> None:
    text = "The fee is due. You pay it now. We thank you all. Good bye then."
    chunks = chunks_of(text, "sentences", 34, 0.5)
    assert chunks[1].startswith("You pay it now.")


def test_overlap_repeats_as_many_whole_sentences_as_the_share_holds() -> None:
    text = "One one. Two two. Six six. Ten ten. End end. Far far. Low low."
    assert chunks_of(text, "sentences", 36, 0.5) == [text[:36], text[18:54], text[36:]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_recursive_prefers_paragraphs_to_lines(end: str) -> None:
    first = f"Aaaa bbb. Cc{end}ddd e.{end} {end}"
    assert chunks_of(f"{first}Ffff. Gggg{end}hhhh iiii jjjj kkkk", "recursive", 36)[0].rstrip() == first.rstrip()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_recursive_prefers_lines_to_sentences(end: str) -> None:
    first = f"Aaaa bbb ccc ddd.{end}"
    assert chunks_of(f"{first}Eee. Ffff gggg hhhh iiii", "recursive", 30)[0] == first


def test_a_strong_border_that_would_leave_a_chunk_less_than_half_full_is_passed_over() -> None:
    assert chunks_of("Hi.\n\naaaa bbbb cccc dddd eeee", "recursive", 20)[0] == "Hi.\n\naaaa bbbb cccc "


@pytest.mark.parametrize("block", ["- bbb\n- ccc\n- ddd\n", "| b |\n|---|\n| c |\n", "> bbb\n> ccc\n> ddd\n"])
def test_a_list_table_or_quote_is_not_torn_where_a_border_before_it_is_near(block: str) -> None:
    text = f"Aaaa aaaa aaa.\n{block}"
    assert chunks_of(text + "\nend", "markdown", len(text) - 3)[0] == text[: text.index(block)]


def test_a_character_of_more_tokens_than_fit_is_a_chunk_of_its_own() -> None:
    assert chunks_of("한한한", "tokens", 2, 0.5, MINILM) == ["한", "한", "한"]


def test_words_are_not_torn_when_a_word_border_is_near() -> None:
    assert chunks_of("alpha beta gamma delta", "recursive", 13)[0] == "alpha beta "


def test_chunk_borders_prefer_headings_in_markdown() -> None:
    text = "# One\n\nFirst text.\n\nSecond text.\n\n# Two\n\nThird text.\n\nFourth."
    assert chunks_of(text, "markdown", 50) == [text[: text.index("# Two")], text[text.index("# Two") :]]


def test_a_higher_heading_is_preferred_to_a_lower_one() -> None:
    text = "# One\n\naaaaaaaaaaaaaaaaaaaaaaa\n\n# Two\n\nbbb\n\n## Sub\n\n" + "c" * 40
    assert chunks_of(text, "markdown", 60)[0] == text[: text.index("# Two")]


def test_a_number_sign_inside_a_code_fence_is_no_heading() -> None:
    text = "Intro words here.\n\n```\nx = 1\n# comment\ny = 2\n```\n"
    assert not any(chunk.startswith("# comment") for chunk in chunks_of(text, "markdown", 44))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
def test_a_heading_is_never_the_last_line_of_a_chunk_when_its_body_fits(overlap: float, tokenizer: str) -> None:
    parts = [f"## Head {n}\n\nBody{' more' * (n % 4)} text.\n\n" for n in range(12)] + ["Setext\n------\nBody end.\n"]
    text = "".join(parts)
    fits = max(tokenize(part, tokenizer).total for part in parts)
    for size in range(math.ceil(fits / (1 - overlap)), 4 * fits):  # what is repeated has to fit as well
        for chunk in chunks_of(text, "markdown", size, overlap, tokenizer)[:-1]:
            last = chunk.rstrip().splitlines()[-1]
            assert not last.startswith("## "), size
            assert last not in ("Setext", "------"), size


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_begins_a_sentence_whatever_ends_it(end: str) -> None:
    text = f"- one item{end}- other item{end}"
    assert {0, len(f"- one item{end}")} <= set(sentence_starts(text).tolist())


def test_sentences_begin_after_full_stops_but_not_after_abbreviations() -> None:
    text = "Dr. Smith pays. He leaves."
    starts = sentence_starts(text).tolist()
    assert text.index("He") in starts
    assert text.index("Smith") not in starts
