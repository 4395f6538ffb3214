from pathlib import Path

import pytest

from rag_sweeps.config import ConfigError, load_sweep
from rag_sweeps.config.yaml_text import MAX_BYTES


def refuse_bytes(folder: Path, content: bytes) -> str:
    (folder / "x.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_sweep(Path("x.yaml"))
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"^nowhere\.yaml: no such file; give the path of a sweep config$"):
        load_sweep(Path("nowhere.yaml"))


def test_a_folder_is_named(folder):
    with pytest.raises(ConfigError, match=r"^golden: is a folder; "):
        load_sweep(Path("golden"))


def test_a_name_that_no_file_can_have_is_named():
    with pytest.raises(ConfigError, match=r"cannot be read \(.*\); check its name"):
        load_sweep(Path("a" * 5000))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_sweep(Path("a\0b"))


def test_bytes_that_are_not_utf_8_are_located(folder):
    assert refuse_bytes(folder, b"name: x\nmethod: \xff\n") == "x.yaml:2: byte 16 is not UTF-8; save the file as UTF-8"


def test_a_file_that_is_too_large_is_not_read(folder):
    assert "is larger than 1,000,000 bytes" in refuse_bytes(folder, b"#" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"name: x\nmetric: {name: y\nmethod: grid\n", "x.yaml:3: is not YAML: "),
        (b"name: x\nmethod: *nothing\n", "x.yaml:2: is not YAML: found undefined alias"),
        (b"name: x\n---\nname: y\n", "x.yaml:2: is not YAML: expected a single document"),
        (b"name: x\nmethod: \x01\n", "x.yaml:2: holds a character that YAML does not allow; remove it"),
        (b"", "x.yaml:1: the file is empty; write"),
        (b"# nothing\n", "x.yaml:1: the file is empty; write"),
        (b"- a\n", "x.yaml:1: ['a'] is no mapping; write keys"),
        (b"\n\ntext\n", "x.yaml:3: 'text' is no mapping; write keys"),
        (b"a: " + b"[" * 5000, "x.yaml:1: is nested too deeply"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_is_located(folder, content, start):
    assert refuse_bytes(folder, content).startswith(start)


def test_a_byte_order_mark_is_no_part_of_the_text(folder):
    (folder / "x.yaml").write_bytes(b"\xef\xbb\xbfnme: x\n")
    with pytest.raises(ConfigError, match=r"nme: unknown key; did you mean name\?"):
        load_sweep(Path("x.yaml"))
