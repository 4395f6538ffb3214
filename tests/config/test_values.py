import pytest

from rag_sweeps.config.values import find_fault
from rag_sweeps.parameters import DEFAULTS


def test_every_default_is_a_usable_value():
    assert {name: find_fault(name, value) for name, value in DEFAULTS.items()} == dict.fromkeys(DEFAULTS)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("chunk_size: {value: 4}", "4 should be greater than or equal to 8; write a whole number from 8 to 8192"),
        ("chunk_size: {value: 64.5}", "64.5 should be a valid integer, got a number with a fractional part; write a "),
        ("chunk_size: {value: true}", "True is a boolean; write a whole number from 8 to 8192"),
        ("chunk_size: {value: '256'}", "'256' is text; write a whole number from 8 to 8192, without quotes"),
        ("bm25_k1: {value: 1e-3}", "'1e-3' is text; write a number from 0.0 to 10.0, without quotes and with a point"),
        ("chunk_size: {value: big}", "'big' is text; write a whole number from 8 to 8192"),
        ("chunk_size: {value: }", "None should be a valid integer; write a whole number from 8 to 8192"),
        ("chunk_size: {value: [1, 2]}", "[1, 2] is a list; write a whole number from 8 to 8192"),
        ("bm25_k1: {value: {a: 1}}", "{'a': 1} is a mapping; write a number from 0.0 to 10.0"),
        ("bm25_k1: {value: .nan}", "nan should be a finite number; write a number from 0.0 to 10.0"),
        ("bm25_k1: {value: .inf}", "inf should be "),
        (
            "embedding_dimensions: {value: 0}",
            "0 should be greater than or equal to 1; write a whole number from 1 to 16384",
        ),
        ("chunker: {value: token}", "'token' is none of tokens, recursive, sentences, markdown; did you mean tokens?"),
        ("chunker: {value: zzz}", "'zzz' is none of tokens, recursive, sentences, markdown; write one of tokens, "),
        ("bm25_stopwords: {value: no}", "False is a boolean, as YAML reads yes, no, on and off; write one of none, "),
        ("query_prompt: {value: on}", "True is a boolean, as YAML reads yes, no, on and off; write text in quotes"),
        ("query_prompt: {value: 3}", "3 is a number; write text in quotes"),
        ("query_prompt: {value: ~}", "None should be a valid string; write text"),
        ("bm25_stemmer: {value: englisch}", "'englisch' is no Snowball language; did you mean english?"),
        ("embedding_model: {value: lsa-x}", "'lsa-x' names no LSA model; write lsa-<width>, the width from 2 to 4096"),
        ("embedding_model: {value: lsa-1}", "'lsa-1' names no LSA model; write lsa-<width>, the width from 2 to 4096"),
        ("embedding_model: {value: lsa-4097}", "'lsa-4097' names no LSA model; "),
        ("embedding_model: {value: ./model}", "'./model' is no folder; there is nothing at "),
        ("tokenizer: {value: my/words.json}", "'my/words.json' is no file; there is nothing at "),
        ("tokenizer: {value: 'tiktoken:'}", "'tiktoken:' names no encoding; write tiktoken:<encoding>"),
        ("index_factory: {value: ''}", "'' should have at least 1 character; write text"),
        ("index_factory: {value: 'IVF64, Flat'}", "'IVF64, Flat' is no FAISS factory string; write it without spaces"),
        ("index_factory: {value: 'IVF64,,Flat'}", "'IVF64,,Flat' is no FAISS factory string; "),
        ("quality_metric: {value: mrr10}", "'mrr10' is no quality metric; did you mean mrr@10?"),
        ("quality_metric: {value: n_chunks}", "'n_chunks' is no quality metric; "),
        (
            "cost_metric: {value: usd_per_1k_question}",
            "'usd_per_1k_question' is no cost metric; did you mean usd_per_1k",
        ),
        ("cost_metric: {value: mrr@10}", "'mrr@10' is no cost metric; write one of context_tokens_per_question"),
    ],
)
def test_a_value_no_trial_could_use_is_refused_with_its_line(refusal, line, problem):
    assert refusal(line).startswith(f"{line.partition(':')[0]}.value: {problem}")


@pytest.mark.parametrize(
    "line",
    [
        "embedding_dimensions: {value: null}",
        "budget_usd: {value: 5}",
        "rrf_k: {value: 60.0}",
        'index_factory: {value: "OPQ16_64,IVF256_HNSW32,PQ16x4fs"}',
        "tokenizer: {value: tiktoken:cl100k_base}",
        "bm25_stemmer: {value: german}",
        "query_prompt: {value: ''}",
        "tokenizer: {value: words.json}",
    ],
)
def test_a_value_a_trial_can_use_is_taken(load, folder, line):
    (folder / "words.json").touch()
    name = line.partition(":")[0]
    assert name in load(("  quality_metric", f"  {line}\n  quality_metric")).constants


def test_a_local_model_that_is_there_is_taken(load, folder):
    (folder / "model").mkdir()
    load(("[lsa-256, all-MiniLM-L6-v2]", f"[./model, {folder}/model]"))
