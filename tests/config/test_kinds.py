import pytest

from rag_sweeps.config.kinds import RULER, expectation, is_integer, is_nullable, is_numeric, words_of
from rag_sweeps.parameters import NAMES


def test_the_ruler_consists_of_parameters():
    assert set(NAMES) >= RULER.keys()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("chunk_size", "write a whole number from 8 to 8192"),
        ("chunk_overlap", "write a number from 0.0 to 0.9"),
        ("relevance_overlap", "write a number above 0.0 to 1.0"),
        ("cost_weight", "write a number from 0.0"),
        ("budget_usd", "write a number from 0.0 or null"),
        ("retriever", "write one of bm25, dense, hybrid"),
        ("query_prompt", "write text"),
    ],
)
def test_the_expectation_of_a_parameter_is_its_limits(name, remedy):
    assert expectation(name) == remedy


def test_kinds_are_read_from_the_types():
    assert is_integer("embedding_dimensions")
    assert is_nullable("embedding_dimensions")
    assert is_numeric("bm25_k1")
    assert not is_integer("bm25_k1")
    assert not is_numeric("chunker")
    assert words_of("chunker") == ("tokens", "recursive", "sentences", "markdown")
    assert words_of("tokenizer") == ()
