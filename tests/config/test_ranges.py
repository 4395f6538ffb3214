import pytest

FRACTIONS = "would propose fractions, and rrf_k is a whole number"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("rrf_k: {min: 1}", "rrf_k.min: stands without max; add max:"),
        ("rrf_k: {max: 1}", "rrf_k.max: stands without min; add min:"),
        ("chunker: {min: 1, max: 2}", "chunker.min: is no number and has no order; write chunker: {values: […]}"),
        ("rrf_k: {min: 20, max: 10}", "rrf_k.min: 20 is more than max 10; swap them"),
        ("rrf_k: {min: 10, max: 10}", "rrf_k.min: 10 equals max, an empty space; write rrf_k: {value: 10}"),
        ("rrf_k: {min: -1, max: 10}", "rrf_k.min: -1 should be greater than or equal to 0; write a whole number from"),
        ("rrf_k: {min: 1, max: 1001}", "rrf_k.max: 1001 should be less than or equal to 1000; write a whole number"),
        ("rrf_k: {min: 1.0, max: 10}", "rrf_k.min: 1.0 is no whole number; write 1"),
        ("rrf_k: {min: 1.5, max: 10}", "rrf_k.min: 1.5 should be a valid integer, got a number with a fractional part"),
        ("rrf_k: {min: true, max: 10}", "rrf_k.min: True is a boolean; write a whole number from 0 to 1000"),
        ("embedding_dimensions: {min: null, max: 9}", "embedding_dimensions.min: None is no bound; write a whole num"),
        ("rrf_k: {min: 1, max: 9, distribution: uniform}", f"rrf_k.distribution: 'uniform' {FRACTIONS}; write int_un"),
        (
            "rrf_k: {min: 1, max: 9, distribution: log_uniform_values}",
            f"rrf_k.distribution: 'log_uniform_values' {FRACTIONS}; write q_log_uniform_values and q: 1",
        ),
        ("rrf_k: {min: 1, max: 9, distribution: beta}", "rrf_k.distribution: 'beta' is not supported; write one of i"),
        ("rrf_k: {min: 1, max: 9, distribution: [a]}", "rrf_k.distribution: ['a'] is not supported; write one of int"),
        ("rrf_k: {min: 1, max: 9, distribution: constant}", "rrf_k.distribution: 'constant' does not go with min: and"),
        ("bm25_k1: {min: 0, max: 3}", "bm25_k1.min: 0 and max 3 are whole numbers, so W&B would propose only whole nu"),
        ("bm25_k1: {min: 0.5, max: 3, distribution: int_uniform}", "bm25_k1.min: 0.5 does not go with int_uniform; w"),
        ("bm25_k1: {min: 0.0, max: 3, distribution: log_uniform_values}", "bm25_k1.min: 0.0 has no logarithm; write"),
        ("rrf_k: {min: 0, max: 3, distribution: q_log_uniform_values, q: 1}", "rrf_k.min: 0 has no logarithm; write"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform}", "rrf_k.q: q_uniform has no step; add q:, the step betw"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: 0}", "rrf_k.q: 0 is no step; write a number above 0"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: -5}", "rrf_k.q: -5 is no step; write a number above 0"),
        ("bm25_k1: {min: 0.0, max: 3, distribution: q_uniform, q: .nan}", "bm25_k1.q: nan is no step; write a numbe"),
        ("bm25_k1: {min: 0.0, max: 3, distribution: q_uniform, q: .inf}", "bm25_k1.q: inf is more than max - min, wh"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: true}", "rrf_k.q: True is no number; write the step"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: a}", "rrf_k.q: 'a' is no number; write the step betw"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: 2.5}", "rrf_k.q: 2.5 is no whole number, and rrf_k is"),
        ("rrf_k: {min: 0, max: 30, distribution: q_uniform, q: 50}", "rrf_k.q: 50 is more than max - min, which leave"),
        ("rrf_k: {min: 0, max: 30, q: 5}", "rrf_k.q: 5 has no effect on int_uniform; add distribution: q_uniform, or "),
    ],
)
def test_a_wrong_range_is_refused_with_line_and_remedy(refusal, line, problem):
    assert refusal(line).startswith(problem)


def test_both_bounds_are_checked(refusals):
    found = refusals(("{min: 64, max: 512}", "\n    min: 4\n    max: 9000"))
    assert [line.partition(" should")[0] for line in found] == ["12: chunk_size.min: 4", "13: chunk_size.max: 9000"]


@pytest.mark.parametrize(
    "spec",
    [
        "{min: 0.5, max: 3}",
        "{min: 1, max: 3.5}",
        "{min: 0, max: 3, distribution: uniform}",
        "{min: 1, max: 3, distribution: int_uniform}",
        "{min: 0.0, max: 3.0, distribution: q_uniform, q: 0.5}",
        "{min: 0.1, max: 3.0, distribution: log_uniform_values}",
        "{min: 0.1, max: 3.0, distribution: q_log_uniform_values, q: 0.1}",
    ],
)
def test_every_supported_distribution_is_taken(load, spec):
    assert "bm25_k1" in load(("  quality_metric", f"  bm25_k1: {spec}\n  quality_metric")).swept
