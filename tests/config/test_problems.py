from rag_sweeps.config.problems import ConfigError, Problem, as_yaml, nearest, show_value, suggest
from rag_sweeps.errors import InputError

KEY = "sk-proj-" + "a1" * 20


def test_a_problem_is_one_line_with_place_key_value_and_remedy():
    problem = Problem("configs/x.yaml", 12, "top_k.min", "0", "is too small", "write 1")
    assert str(problem) == "configs/x.yaml:12: top_k.min: 0 is too small; write 1"


def test_what_a_problem_does_not_have_is_left_out():
    assert str(Problem("x.yaml", None, "", None, "no such file", "mend it")) == "x.yaml: no such file; mend it"


def test_a_problem_never_holds_a_key():
    problem = Problem("x.yaml", 1, KEY, repr(KEY), f"{KEY} is wrong", f"remove {KEY}")
    assert KEY not in str(problem) + repr(problem)


def test_an_error_tells_every_problem_by_line():
    error = ConfigError([Problem("x", 9, "b", None, "m", "r"), Problem("x", 2, "a", None, "m", "r")])
    assert isinstance(error, InputError)
    assert str(error) == "x:2: a: m; r\nx:9: b: m; r"


def test_a_long_value_is_cut_after_its_keys_are_hidden():
    shown = show_value("x" * 20 + " " + KEY + " " + "y" * 60)
    assert len(shown) <= 61
    assert "sk-" not in shown


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("CHUNKSIZE", ["chunk_size", "top_k"]) == "chunk_size"
    assert nearest("zzz", ["chunk_size"]) is None


def test_without_a_near_word_all_are_named():
    assert suggest("toknes", ("tokens", "markdown")) == "did you mean tokens?"
    assert suggest(3, ("tokens", "markdown")) == "write one of tokens, markdown"


def test_values_in_a_remedy_are_written_as_yaml():
    assert [as_yaml(value) for value in (None, True, "chars", "", [1])] == ["null", "true", "chars", '""', "[1]"]
    assert as_yaml(["x" * 100]) == "…"
