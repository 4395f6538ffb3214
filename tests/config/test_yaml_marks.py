import pytest

from rag_sweeps.config import ConfigError
from rag_sweeps.config.yaml_marks import read_marked


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "x.yaml"
        path.write_text(text)
        return read_marked(path)

    return read_text


@pytest.fixture
def refuse(read):
    def message(text):
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value).rpartition("x.yaml:")[2]

    return message


def test_values_are_plain_and_remember_their_lines(read):
    marked, problems = read("a: 1\nb:\n  c: [x,\n    2.5]\n")
    assert problems == []
    assert marked.plain == {"a": 1, "b": {"c": ["x", 2.5]}}
    assert marked.key_lines == {"a": 1, "b": 2}
    assert [item.line for item in marked.entries["b"].entries["c"].items] == [3, 4]


def test_a_key_that_stands_twice_is_refused_at_its_second_place(read):
    _, problems = read("a: 1\nb: {c: 1}\na: 2\n")
    assert [str(problem).rpartition("x.yaml:")[2] for problem in problems] == [
        "3: a: stands twice; keep this one or the one in line 1"
    ]


def test_a_key_that_is_no_text_is_refused(read):
    _, problems = read("a: 1\n2: b\n")
    assert [str(problem).rpartition("x.yaml:")[2] for problem in problems] == [
        "2: 2 is a key and not text; put it in quotes"
    ]


def test_an_alias_and_a_merge_key_are_written_out(read):
    marked, problems = read("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, b: 3}\nf: {<<: *x, b: 4}\n")
    assert problems == []
    assert marked.plain["d"] == {"b": 1, "c": 2}
    assert marked.plain["e"] == {"b": 3, "c": 2}
    assert marked.plain["f"] == {"b": 4, "c": 2}


def test_a_value_that_holds_itself_is_refused(refuse):
    assert refuse("a: 1\nb: &x [*x]\n") == "2: holds itself; write the alias out"


def test_aliases_that_stand_for_billions_are_refused(refuse):
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert refuse("\n".join(["a0: &a0 x", *levels])).startswith("1: holds more than 100,000 values")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 2026-11-21", "'2026-11-21' is a timestamp, which a sweep config cannot carry; put it in quotes"),
        ("a: !!binary aGk=", "'aGk=' is a binary, which a sweep config cannot carry; put it in quotes"),
        ("a: !!set {b}", "is a set, which a sweep config cannot carry; put it in quotes"),
        ("a: !!python/name:os.system x", "'x' is a python/name:os.system, which"),
        ("a: !!int b", "'b' is no int; put it in quotes"),
        ("a: !!bool b", "'b' is no bool; put it in quotes"),
        ("a: 99999999999999999999", "'99999999999999999999' is too large a number; write a smaller one"),
        ("a: 0x" + "f" * 20000, "is too large a number; write a smaller one"),
    ],
)
def test_a_value_that_json_cannot_carry_is_refused(refuse, text, message):
    found = refuse(f"name: x\n{text}\n")
    assert found.startswith("2: ")
    assert message in found
