"""One configuration measured: what its id rests on, what is counted, and what is not loaded or done again."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import DOCUMENTS, LONG, UNANSWERABLE, make_params, rows_of, same, write_golden

import rag_sweeps.prices
import rag_sweeps.retrieval
import rag_sweeps.trial
from rag_sweeps.chunking import chunk_documents
from rag_sweeps.errors import RagSweepsError, TrialError
from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.parameters import PACKAGED_MODEL, TrialParams, without_effect
from rag_sweeps.records import CUTOFFS, Embedded, Role, Vectors, Verdict
from rag_sweeps.trial import run_trial, trial_id

OTHER: dict[str, Any] = {
    "golden_set": "elsewhere",
    "tokenizer": "chars",
    "chunker": "sentences",
    "chunk_size": 48,
    "chunk_overlap": 0.25,
    "embedding_model": "lsa-5",
    "embedding_backend": "openvino",
    "embedding_precision": "bf16",
    "embedding_dimensions": 2,
    "query_prompt": "query: ",
    "document_prompt": "passage: ",
    "similarity": "dot",
    "retriever": "hybrid",
    "index_factory": "HNSW4",
    "index_search": "efSearch=2",
    "retrieval_depth": 21,
    "rrf_k": 0,
    "dense_weight": 0.9,
    "bm25_method": "robertson",
    "bm25_tokenizer": "wordpieces",
    "bm25_stemmer": "none",
    "bm25_stopwords": "none",
    "bm25_k1": 0.1,
    "bm25_b": 0.0,
    "relevance_overlap": 1.0,
    "top_k": 2,
    "max_context_tokens": 20,
    "generator": "extractive",
    "answer_sentences": 3,
    "abstain_below": -1.0,
    "answer_prompt": "answer/2",
    "max_answer_tokens": 99,
    "temperature": 0.5,
    "reasoning_effort": "low",
    "judge": "none",
    "judge_prompt": "judge/2",
    "max_judge_tokens": 99,
    "judge_reasoning_effort": "low",
    "allow_self_judge": True,
    "structured_output": False,
    "compatible_base_url": "http://localhost:1/v1",
    "batch": True,
    "concurrency": 3,
    "requests_per_minute": 100,
    "tokens_per_minute": 1000,
    "request_timeout_s": 5.0,
    "request_attempts": 2,
    "prices": "prices.yaml",
    "racing": True,
    "race_block": 7,
    "warm_start": "all",
    "logged_text": "digests",
    "logged_rows": 5,
    "traced_share": 0.5,
    "quality_metric": "hit_rate@5",
    "cost_metric": "n_chunks",
    "cost_weight": 0.5,
    "budget_usd": 2.0,
    "seed": 7,
}
"""A value of every parameter that none of the configurations below has."""

BASES: dict[str, dict[str, Any]] = {
    "bm25": {"retriever": "bm25"},
    "lsa": {"retriever": "dense", "embedding_model": "lsa-8"},
    "minilm": {"retriever": "dense", "embedding_model": PACKAGED_MODEL},
    "hybrid": {"retriever": "hybrid", "embedding_model": PACKAGED_MODEL},
    "hybrid lsa": {"retriever": "hybrid", "embedding_model": "lsa-8"},
}


def other(base: TrialParams, name: str) -> Any:
    value = OTHER[name]
    if value == getattr(base, name):
        value = {"retriever": "dense"}[name]
    return value


def bag_of_words(texts: Sequence[str], role: Role = "document") -> Vectors:
    """(n, 257) unit vectors that need no model; the last entry makes an empty text no zero vector."""
    rows = np.zeros((len(texts), 257), dtype=np.float32)
    rows[:, 256] = 0.01
    for row, text in zip(rows, texts, strict=True):
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            row[sum(map(ord, word)) % 256] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class FakeEmbedder:
    """Any function of a text as an embedder."""

    usage_provider = "local"
    identity = "fake"

    def __init__(self, vector: Callable[[str], Sequence[float]]) -> None:
        self._vector = vector

    def embed(self, texts: Sequence[str], *, role: Role) -> Iterator[Embedded]:
        yield rows_of([self._vector(text) for text in texts])


@pytest.fixture
def embed_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], Sequence[float]]], None]:
    def use(vector: Callable[[str], Sequence[float]]) -> None:
        monkeypatch.setattr(rag_sweeps.retrieval, "open_embedder", lambda *_, **__: FakeEmbedder(vector))

    return use


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are written and judged by shared words."""
    for module in ("answering", "judging"):
        monkeypatch.setattr(f"rag_sweeps.{module}.packaged_unit_vectors", lambda progress: bag_of_words)


@pytest.fixture
def new_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """An empty home, so that nothing is served from a cache."""
    numbers = iter(range(1000))
    return lambda: monkeypatch.setenv("RAG_SWEEPS_HOME", str(tmp_path / f"home-{next(numbers)}"))


def test_another_value_is_known_for_every_parameter() -> None:
    assert list(OTHER) == [field.name for field in fields(TrialParams)]
    assert not [name for name, value in OTHER.items() if value == getattr(make_params(), name)]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", OTHER)
def test_an_id_changes_with_every_parameter_but_those_without_effect(golden: GoldenSet, base: str, name: str) -> None:
    params = make_params(**BASES[base])
    changed = replace(params, **{name: other(params, name)})
    idle = name in without_effect(asdict(params)) and name in without_effect(asdict(changed))
    assert (trial_id(params, golden) == trial_id(changed, golden)) is idle


NEVER = {
    *("golden_set", "quality_metric", "cost_metric", "cost_weight", "budget_usd", "seed", "allow_self_judge"),
    *("batch", "concurrency", "requests_per_minute", "tokens_per_minute", "request_timeout_s", "request_attempts"),
    *("prices", "racing", "race_block", "warm_start", "logged_text", "logged_rows", "traced_share"),
}
WITHOUT_A_MODEL = {
    *("answer_prompt", "max_answer_tokens", "temperature", "reasoning_effort", "judge_prompt", "max_judge_tokens"),
    *("judge_reasoning_effort", "structured_output", "compatible_base_url"),
}


@pytest.mark.parametrize(
    ("base", "idle"),
    [
        (
            {"retriever": "bm25"},
            "embedding_model embedding_backend embedding_precision embedding_dimensions query_prompt document_prompt "
            "similarity index_factory index_search rrf_k dense_weight answer_sentences abstain_below judge "
            "max_context_tokens",
        ),
        (
            {"retriever": "dense", "embedding_model": PACKAGED_MODEL, "generator": "extractive"},
            "index_search rrf_k dense_weight bm25_method bm25_tokenizer bm25_stemmer bm25_stopwords bm25_k1 bm25_b",
        ),
        (
            {"retriever": "hybrid", "embedding_model": "lsa-8", "generator": "extractive"},
            "index_search embedding_backend embedding_precision query_prompt document_prompt",
        ),
        ({"retriever": "hybrid", "embedding_model": PACKAGED_MODEL, "generator": "extractive"}, "index_search"),
        (
            {
                "retriever": "hybrid",
                "embedding_model": PACKAGED_MODEL,
                "generator": "extractive",
                "index_factory": "HNSW4",
            },
            "",
        ),
    ],
)
def test_what_cannot_matter(base: dict[str, Any], idle: str) -> None:
    assert without_effect(asdict(make_params(**base))) == NEVER | WITHOUT_A_MODEL | set(idle.split())


@pytest.mark.parametrize("base", ["bm25", "lsa", "hybrid lsa"])
def test_what_is_said_to_have_no_effect_has_none(golden: GoldenSet, base: str, new_home: Callable[[], None]) -> None:
    params = make_params(**BASES[base], chunk_size=16)
    new_home()
    expected = run_trial(params, golden)
    for name in sorted(without_effect(asdict(params)) - {"golden_set", "prices"}):
        new_home()
        found = run_trial(replace(params, **{name: other(params, name)}), golden)
        assert found.questions == expected.questions, name


def test_an_id_changes_with_the_golden_set(golden: GoldenSet, tmp_path: Path) -> None:
    changed = write_golden(tmp_path / "changed", documents={**DOCUMENTS, "pay.md": DOCUMENTS["pay.md"] + "More.\n"})
    assert trial_id(make_params(), golden) != trial_id(make_params(), load_golden(changed))


def test_an_id_does_not_change_with_the_place_of_the_golden_set(golden: GoldenSet, tmp_path: Path) -> None:
    moved = load_golden(write_golden(tmp_path / "moved"))
    assert trial_id(make_params(), golden) == trial_id(make_params(golden_set="moved"), moved)


def test_an_id_changes_with_the_version_of_the_pipeline(golden: GoldenSet, monkeypatch: pytest.MonkeyPatch) -> None:
    before = trial_id(make_params(), golden)
    monkeypatch.setattr(rag_sweeps.trial, "PIPELINE_VERSION", 99)
    assert trial_id(make_params(), golden) != before


def test_an_id_changes_with_the_revision_of_the_model_unless_it_is_not_used(
    golden: GoldenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense, lexical = make_params(retriever="hybrid"), make_params(retriever="bm25")
    before = trial_id(dense, golden), trial_id(lexical, golden)
    monkeypatch.setattr(rag_sweeps.trial, "embedder_revision", lambda params: "another")
    assert trial_id(dense, golden) != before[0]
    assert trial_id(lexical, golden) == before[1]


def test_an_id_changes_with_the_content_of_a_tokenizer_file(golden: GoldenSet, tmp_path: Path) -> None:
    from rag_sweeps.tokenization import _tokenizers_path

    content = _tokenizers_path(PACKAGED_MODEL).read_text(encoding="utf-8")
    path = tmp_path / "tokenizer.json"
    path.write_text(content, encoding="utf-8")
    params = make_params(retriever="bm25", tokenizer=str(path))
    before = trial_id(params, golden)
    path.write_text(
        content.replace('"lowercase":true', '"lowercase":false').replace('"lowercase": true', '"lowercase": false')
    )
    assert path.read_text() != content
    assert trial_id(params, golden) != before


@pytest.mark.parametrize("base", ["bm25", "lsa", "hybrid lsa"])
def test_a_trial_measured_twice_is_the_same(golden: GoldenSet, base: str, new_home: Callable[[], None]) -> None:
    params = make_params(**BASES[base])
    first = run_trial(params, golden)
    same(run_trial(params, golden), first)
    new_home()
    same(run_trial(params, golden), first)


def test_a_result_says_what_it_is(golden: GoldenSet) -> None:
    params = make_params(retriever="bm25")
    result = run_trial(params, golden)
    assert result.trial_id == trial_id(params, golden)
    assert result.params == asdict(params)
    assert (result.split, result.golden_digest) == ("dev", golden.digest)
    assert result.question_ids == tuple(question.id for question in golden.split("dev"))
    assert all(len(values) == 8 for values in result.per_question.values())
    assert set(result.metrics) == set(result.per_question)
    assert {f"{family}@{k}" for family in ("hit_rate", "mrr", "recall", "ndcg") for k in (*CUTOFFS, "top_k")} <= set(
        result.metrics
    )
    assert result.n_chunks > len(DOCUMENTS)
    assert result.environment["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_splits_are_measured_apart(golden: GoldenSet) -> None:
    dev, test = run_trial(make_params(), golden), run_trial(make_params(), golden, split="test")
    assert test.split == "test"
    assert set(dev.question_ids).isdisjoint(test.question_ids)
    assert dev.trial_id == test.trial_id


def test_a_split_without_questions_fails_in_words(tmp_path: Path) -> None:
    golden = load_golden(write_golden(tmp_path / "dev-only", splits=["dev"]))
    with pytest.raises(RagSweepsError, match="test"):
        run_trial(make_params(retriever="bm25"), golden, split="test")


def test_an_unanswerable_question_has_no_retrieval_score(golden: GoldenSet) -> None:
    result = run_trial(make_params(retriever="bm25"), golden)
    at = result.question_ids.index(UNANSWERABLE)
    for name in ("hit_rate@5", "mrr@10", "recall@1", "char_iou@top_k"):
        assert [index for index, value in enumerate(result.per_question[name]) if math.isnan(value)] == [at]
        assert result.metrics[name].n == 7
    assert result.metrics["context_tokens_per_question"].n == 8


def test_a_question_without_a_finite_vector_is_counted_and_scores_nothing(
    golden: GoldenSet, embed_with: Callable[..., None]
) -> None:
    broken = next(question for question in golden.questions if question.id == "hotels")
    embed_with(lambda text: [np.nan, 1.0] if text == broken.text else bag_of_words([text])[0][:2] + 0.1)
    result = run_trial(make_params(retriever="dense"), golden)
    at = result.question_ids.index("hotels")
    assert result.n_failed == 1
    assert result.per_question["hit_rate@20"][at] == 0.0
    assert result.metrics["hit_rate@20"].n == 7
    assert result.questions[at].passages == ()
    assert "not finite" in (result.questions[at].failure or "")
    assert [record.failure for number, record in enumerate(result.questions) if number != at] == [None] * 7


def test_a_failed_vector_leaves_a_hybrid_its_words(golden: GoldenSet, embed_with: Callable[..., None]) -> None:
    embed_with(lambda text: [np.nan, np.nan] if text.endswith("?") else [1.0, 0.5])
    result = run_trial(make_params(retriever="hybrid"), golden)
    assert result.n_failed == 8
    assert result.metrics["hit_rate@5"].mean == 1.0


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_a_chunk_without_a_finite_vector_fails_the_trial(
    golden: GoldenSet, embed_with: Callable[..., None], similarity: str
) -> None:
    embed_with(lambda text: [np.nan, 1.0] if "Bicycles" in text else [0.5, 1.0])
    with pytest.raises(TrialError, match="not finite"):
        run_trial(make_params(retriever="dense", similarity=similarity), golden)


@pytest.mark.usefixtures("no_model")
def test_another_top_k_searches_nothing_again(golden: GoldenSet, monkeypatch: pytest.MonkeyPatch) -> None:
    n_searches = {"search_bm25": 0, "search_index": 0}
    for name in n_searches:
        function = getattr(rag_sweeps.retrieval, name)

        def counted(*args: Any, _name: str = name, _function: Any = function, **more: Any) -> Any:
            n_searches[_name] += 1
            return _function(*args, **more)

        monkeypatch.setattr(rag_sweeps.retrieval, name, counted)
    first = run_trial(make_params(retriever="hybrid", top_k=1), golden)
    later = ("rrf_k", "dense_weight", "relevance_overlap", "seed", "answer_sentences", "abstain_below", "judge")
    for changes in ({"top_k": 9}, {"generator": "none"}, *({name: OTHER[name]} for name in later)):
        run_trial(make_params(**{"retriever": "hybrid", "top_k": 1, "generator": "extractive", **changes}), golden)
    assert n_searches == {"search_bm25": 1, "search_index": 1}
    run_trial(make_params(retriever="bm25"), golden)
    run_trial(make_params(retriever="dense"), golden)
    assert n_searches == {"search_bm25": 1, "search_index": 1}
    more = run_trial(make_params(retriever="hybrid", top_k=9), golden)
    assert more.costs.context_tokens_per_question > first.costs.context_tokens_per_question


@pytest.mark.parametrize(
    "change", [{"chunk_size": 16}, {"bm25_b": 0.1}, {"retrieval_depth": 20}, {"chunk_overlap": 0.5}]
)
def test_what_decides_a_ranking_searches_again(
    golden: GoldenSet, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    run_trial(make_params(retriever="bm25"), golden)

    def refuse(*_: Any) -> Any:
        raise TrialError("searched")

    monkeypatch.setattr(rag_sweeps.retrieval, "search_bm25", refuse)
    run_trial(make_params(retriever="bm25"), golden)
    with pytest.raises(TrialError, match="searched"):
        run_trial(make_params(retriever="bm25", **change), golden)


def test_the_first_dimensions_of_a_vector_can_be_kept_alone(golden: GoldenSet, embed_with: Callable[..., None]) -> None:
    # The first two entries say the length of the text, the third alone says which text it is.
    embed_with(lambda text: [1.0, 0.5, 100.0 * (len(text) % 7)])
    whole = run_trial(make_params(retriever="dense", embedding_model=PACKAGED_MODEL), golden)
    cut = run_trial(make_params(retriever="dense", embedding_model=PACKAGED_MODEL, embedding_dimensions=2), golden)
    assert [passage.score for passage in cut.questions[0].passages] == pytest.approx([1.0] * cut.n_chunks)
    assert min(passage.score for passage in whole.questions[0].passages) < 0.5


def test_without_a_generator_there_are_no_answers_and_no_answer_metrics(golden: GoldenSet) -> None:
    result = run_trial(make_params(generator="none", judge="reference"), golden)
    assert not [name for name in result.metrics if name.startswith("answer")]
    assert all(record.answer is None and record.verdict is None for record in result.questions)


@pytest.mark.usefixtures("no_model")
def test_without_a_judge_there_are_answers_without_scores(golden: GoldenSet) -> None:
    result = run_trial(make_params(retriever="bm25", generator="extractive", judge="none"), golden)
    assert not [name for name in result.metrics if name.startswith("answer")]
    assert any(record.answer is not None and record.answer.text for record in result.questions)
    assert result.n_unscored == 0


@pytest.mark.usefixtures("no_model")
def test_abstaining_is_right_where_the_corpus_has_no_answer_and_wrong_elsewhere(golden: GoldenSet) -> None:
    result = run_trial(make_params(retriever="bm25", generator="extractive", abstain_below=1.0), golden)
    at = result.question_ids.index(UNANSWERABLE)
    assert result.per_question["answer_score"].tolist() == [float(index == at) for index in range(8)]
    assert (result.metrics["answer_score"].mean, result.metrics["answer_score"].n) == (1 / 8, 8)
    assert result.metrics["answer_f1"].n == 7


@pytest.mark.usefixtures("no_model")
def test_answering_what_the_corpus_does_not_answer_scores_nothing(golden: GoldenSet) -> None:
    # Only "is", "the" and "of" of the question stand in the documents.
    params = make_params(retriever="bm25", bm25_stopwords="none", generator="extractive", abstain_below=-1.0)
    result = run_trial(params, golden)
    at = result.question_ids.index(UNANSWERABLE)
    assert result.per_question["answer_score"][at] == 0.0
    assert result.questions[at].answer is not None
    assert result.questions[at].answer.text
    answered = [value for index, value in enumerate(result.per_question["answer_score"]) if index != at]
    assert min(answered) > 0.2


@pytest.mark.usefixtures("no_model")
def test_a_generator_is_given_top_k_passages(golden: GoldenSet) -> None:
    few, many = (
        run_trial(
            make_params(retriever="bm25", generator="extractive", top_k=k, answer_sentences=20, abstain_below=-1.0),
            golden,
        )
        for k in (1, 3)
    )
    assert few.questions[0].answer is not None
    assert many.questions[0].answer is not None
    assert len(many.questions[0].answer.text) > len(few.questions[0].answer.text)
    assert few.costs.context_tokens_per_question < many.costs.context_tokens_per_question


@pytest.fixture
def judge_once_unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    class Judge:
        def judge(self, questions: Sequence[Any], answers: Sequence[Any], passages: Any) -> list[Verdict | None]:
            scores = [None, *[0.5] * (len(questions) - 1)]
            return [
                Verdict(score, "said so", "fake/1", {} if score is None else {"answer_f1": score}) for score in scores
            ]

    monkeypatch.setattr(rag_sweeps.trial, "open_judge", lambda *_, **__: Judge())


@pytest.mark.usefixtures("no_model", "judge_once_unscored")
def test_too_many_unscored_answers_are_no_result(golden: GoldenSet) -> None:
    with pytest.raises(TrialError, match="1 of 8 answers could not be scored"):
        run_trial(make_params(retriever="bm25", generator="extractive"), golden)


@pytest.mark.usefixtures("no_model", "judge_once_unscored")
def test_a_few_unscored_answers_are_counted_and_are_not_zero(
    golden: GoldenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rag_sweeps.trial, "MAX_FAILED_SHARE", 0.2)
    result = run_trial(make_params(retriever="bm25", generator="extractive"), golden)
    assert result.n_unscored == 1
    assert math.isnan(result.per_question["answer_score"][0])
    assert (result.metrics["answer_score"].mean, result.metrics["answer_score"].n) == (0.5, 7)


def test_costs_of_a_local_trial_are_zero_dollars_and_real_tokens(golden: GoldenSet) -> None:
    costs = run_trial(make_params(retriever="dense"), golden).costs
    assert costs.usd == {"local": {"embed": 0.0}}
    assert (costs.usd_to_index, costs.usd_per_1k_questions) == (0.0, 0.0)
    assert costs.embed_tokens > 100
    assert costs.index_bytes > 0
    assert 0 < costs.search_ms_p50 <= costs.search_ms_p95
    assert run_trial(make_params(retriever="bm25"), golden).costs.usd == {}


def test_dollars_are_those_of_the_corpus_once_and_of_every_question(
    golden: GoldenSet, monkeypatch: pytest.MonkeyPatch, embed_with: Callable[..., None]
) -> None:
    embed_with(lambda text: [1.0, len(text) % 7])
    monkeypatch.setattr(rag_sweeps.prices.Prices, "usd", lambda self, usage: float(usage.input_tokens))
    result = run_trial(make_params(retriever="dense"), golden)
    # The fake embedder counts three tokens a text.
    assert result.costs.usd_to_index == 3 * result.n_chunks
    assert result.costs.usd_per_1k_questions == 3 * 1000
    assert result.costs.usd == {"local": {"embed": 3.0 * (result.n_chunks + 8)}}


def test_an_index_that_cannot_hold_the_chunks_fails_the_trial(golden: GoldenSet) -> None:
    with pytest.raises(TrialError, match="IVF4096"):
        run_trial(make_params(retriever="dense", index_factory="IVF4096,Flat"), golden)


def test_passages_are_shown_with_their_place_and_whether_they_count(golden: GoldenSet) -> None:
    result = run_trial(make_params(retriever="bm25"), golden)
    best = result.questions[0].passages[0]
    assert "paid holiday" in golden.documents[best.doc].text[best.start : best.end]
    assert best.relevant
    scores = [passage.score for passage in result.questions[0].passages]
    assert scores == sorted(scores, reverse=True)


# The tests below load the packaged model.

CACHED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import make_params
from rag_sweeps.golden import load_golden
from rag_sweeps.trial import run_trial
before = {name for name in sys.modules if name.split(".")[0] in ("torch", "sentence_transformers", "transformers")}
golden = load_golden(Path("golden"))
for values in eval(sys.argv[2]):
    result = run_trial(make_params(**values), golden)
    print(result.trial_id[:8], result.metrics["hit_rate@5"].mean, "answer_score" in result.metrics)
print(sorted(before | {name for name in sys.modules if name.split(".")[0] in ("torch", "sentence_transformers")}))
"""


def run_cached(values: list[dict[str, Any]]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", CACHED, str(Path(__file__).parent), repr(values)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_bm25_and_lsa_never_load_torch(golden: GoldenSet) -> None:
    assert run_cached([{"retriever": "bm25"}, {"retriever": "dense"}, {"retriever": "hybrid"}])[-1] == "[]"


def test_a_trial_whose_vectors_are_cached_never_loads_torch(golden: GoldenSet, home: Path) -> None:
    whole = {"retriever": "hybrid", "embedding_model": PACKAGED_MODEL, "generator": "extractive", "judge": "reference"}
    measured = run_trial(make_params(**whole), golden)
    for path in (home / "cache" / "rankings").rglob("*.npz"):
        path.unlink()
    lines = run_cached([whole, {**whole, "retriever": "dense", "top_k": 2}])
    assert lines[0] == f"{measured.trial_id[:8]} {measured.metrics['hit_rate@5'].mean} True"
    assert lines[-1] == "[]"


def test_what_the_model_cuts_off_is_counted(tmp_path: Path) -> None:
    golden = load_golden(write_golden(tmp_path / "long", documents={**DOCUMENTS, "long.md": LONG}))
    params = make_params(retriever="dense", embedding_model=PACKAGED_MODEL, chunk_size=512)
    chunks = chunk_documents(
        golden.documents, chunker="recursive", chunk_size=512, chunk_overlap=0.0, tokenizer=PACKAGED_MODEL
    )
    too_long = (chunks.n_tokens + 2 > 256).mean()
    assert 0 < too_long < 1
    result = run_trial(params, golden)
    assert result.truncated_share == pytest.approx(too_long)
    assert run_trial(replace(params, chunk_size=200), golden).truncated_share == 0.0
    assert run_trial(replace(params, retriever="bm25"), golden).truncated_share == 0.0
