import pytest


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("chunk_sise: {value: 3}", "chunk_sise: unknown parameter; did you mean chunk_size?"),
        ("Chunk_Size: {value: 3}", "Chunk_Size: unknown parameter; did you mean chunk_size?"),
        ("zzz: {value: 3}", "zzz: unknown parameter; the parameters are golden_set, tokenizer, "),
        ("'': {value: 3}", "'': unknown parameter; the parameters are"),
        ("chunk_size: 256", "chunk_size: 256 is no mapping; write chunk_size: {value: 256}"),
        ("rrf_k: [10, 60]", "rrf_k: [10, 60] is no mapping; write rrf_k: {values: [10, 60]}"),
        ("rrf_k:", "rrf_k: None is no mapping; write rrf_k: {value: null}"),
        ("rrf_k: {}", "rrf_k: has no value; write rrf_k: {value: …}, {values: […]} or {min: …, max: …}"),
        ("chunker: {}", "chunker: has no value; write chunker: {value: …}, {values: […]}"),
        ("rrf_k: {value: 1, values: [2]}", "rrf_k: has value as well as values; keep one of them"),
        ("rrf_k: {values: [1], min: 1, max: 3}", "rrf_k: has values as well as min and max; keep one of them"),
        ("rrf_k: {value: 1, vals: 2}", "rrf_k.vals: unknown key of a parameter; did you mean values?"),
        ("rrf_k: {value: 1, mx: }", "rrf_k.mx: unknown key of a parameter; did you mean max?"),
        ("rrf_k: {value: 1, mu: 2}", "rrf_k.mu: unknown key of a parameter; write one of value, values, min, max"),
        ("index_factory: {value: IVF64,Flat}", "index_factory.Flat: unknown key of a parameter; where it belongs to a"),
        ("rrf_k: {values: [1, 2], probabilities: [0.5, 0.5]}", "rrf_k.probabilities: is not supported; remove it; "),
        ("rrf_k: {parameters: {a: {value: 1}}, value: 1}", "rrf_k.parameters: nested parameters are not supported; "),
        ("rrf_k: {values: []}", "rrf_k.values: [] is an empty space; list at least one value"),
        ("rrf_k: {values: 60}", "rrf_k.values: 60 is no list; write values: [60]"),
        ("rrf_k: {values: [10, 60, 10]}", "rrf_k.values: 10 stands twice; list each value once"),
        ("bm25_k1: {values: [1, 1.5, 1.0]}", "bm25_k1.values: 1.0 stands twice; list each value once"),
        ("rrf_k: {values: [10, true]}", "rrf_k.values: True is a boolean; write a whole number from 0 to 1000"),
        ("rrf_k: {value: 1, distribution: normal}", "rrf_k.distribution: 'normal' is not supported; write one of"),
        ("rrf_k: {value: 1, distribution: uniform}", "rrf_k.distribution: 'uniform' does not go with value:; write c"),
        ("rrf_k: {values: [1], distribution: constant}", "rrf_k.distribution: 'constant' does not go with values:; w"),
        ("rrf_k: {values: [1], q: 1}", "rrf_k.q: has no effect beside values:; remove it"),
    ],
)
def test_a_wrong_entry_is_refused_with_line_and_remedy(refusal, line, problem):
    assert refusal(line).startswith(problem)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("golden_set: {values: [golden]}", "one sweep measures one golden set"),
        ("quality_metric: {values: [mrr@10, mrr@5]}", "it is the ruler, not the thing measured"),
        ("cost_metric: {values: [n_chunks]}", "it is the ruler, not the thing measured"),
        ("cost_weight: {min: 0.1, max: 0.5}", "it is the ruler, not the thing measured"),
        ("relevance_overlap: {values: [0.5, 0.6]}", "it is the ruler, not the thing measured"),
        ("judge: {values: [reference, none]}", "it is the ruler, not the thing measured"),
        ("seed: {values: [1, 2]}", "it belongs to the search, not to a trial"),
        ("budget_usd: {values: [1, 2]}", "it belongs to the sweep, not to a trial"),
    ],
)
def test_the_ruler_may_not_be_swept(refusal, line, why):
    name = line.partition(":")[0]
    assert refusal(line) == f"{name}: may not be swept: {why}; write {name}: {{value: …}}"


def test_the_tokenizer_may_be_swept(load):
    sweep = load(("  quality_metric", "  tokenizer: {values: [all-MiniLM-L6-v2, chars]}\n  quality_metric"))
    assert "tokenizer" in sweep.swept


def test_each_value_of_a_list_is_located_by_its_own_line(refusals):
    found = refusals(("{values: [tokens, recursive]}", "\n    values:\n      - tokens\n      - recursiv"))
    assert found == [
        "13: chunker.values: 'recursiv' is none of tokens, recursive, sentences, markdown; did you mean recursive?"
    ]


def test_explicit_constant_and_categorical_are_taken(load):
    sweep = load(
        ("{values: [tokens, recursive]}", "{values: [tokens, recursive], distribution: categorical}"),
        ("{value: answer_score}", "{value: answer_score, distribution: constant}"),
    )
    assert sweep.constants["quality_metric"] == "answer_score"
