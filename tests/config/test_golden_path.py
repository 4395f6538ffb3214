from pathlib import Path

import pytest

from rag_sweeps.config import load_sweep


@pytest.fixture
def write(load, folder):
    """Put the valid file, with this golden_set, into a folder; its path."""

    def write_to(place: str, golden_set: str) -> Path:
        text = load().path.read_text().replace("{value: golden}", f"{{value: {golden_set}}}")
        path = folder / place / "y.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path.relative_to(folder)

    return write_to


def test_a_relative_path_is_tried_from_the_current_directory(write, folder):
    assert load_sweep(write("configs", "golden")).golden_dir == folder / "golden"


def test_and_then_from_the_config_files_folder(write, folder):
    (folder / "configs" / "beside").mkdir(parents=True)
    assert load_sweep(write("configs", "beside")).golden_dir == folder / "configs" / "beside"


def test_the_current_directory_comes_first(write, folder):
    (folder / "configs" / "golden").mkdir(parents=True)
    assert load_sweep(write("configs", "golden")).golden_dir == folder / "golden"


def test_an_absolute_path_is_taken_as_it_is(write, folder):
    assert load_sweep(write(".", f"{folder}/golden")).golden_dir == folder / "golden"


def test_an_artifact_has_no_folder(write):
    sweep = load_sweep(write(".", "artifact:team/project/handbook:v1"))
    assert sweep.golden_dir is None
    assert sweep.constants["golden_set"] == "artifact:team/project/handbook:v1"


def test_an_artifact_needs_a_name(refusals):
    found = refusals(("{value: golden}", "{value: 'artifact:'}"))
    assert found == ["9: golden_set.value: 'artifact:' names no artifact; write artifact:<name>:<version>"]


def test_a_missing_folder_is_told_where_it_was_looked_for(write, folder):
    path = write("configs", "nowhere")
    with pytest.raises(Exception, match=r"y\.yaml:9: golden_set\.value: 'nowhere' is no folder; looked at ") as caught:
        load_sweep(path)
    assert str(caught.value).endswith(f"looked at {folder}/nowhere and {folder}/configs/nowhere; mend the path")


def test_a_file_is_no_golden_set(refusals, folder):
    (folder / "golden.txt").touch()
    assert "'golden.txt' is no folder" in refusals(("{value: golden}", "{value: golden.txt}"))[0]


def test_a_name_that_no_folder_can_have_is_refused(refusals):
    assert "is no folder" in refusals(("{value: golden}", f"{{value: {'a' * 5000}}}"))[0]
    assert "is no folder" in refusals(("{value: golden}", '{value: "a\\0b"}'))[0]


def test_a_missing_golden_set_is_refused(refusals):
    found = refusals(("  golden_set: {value: golden}\n", ""))
    assert found == ["8: golden_set: is missing; add golden_set: {value: <folder>} under parameters:"]
