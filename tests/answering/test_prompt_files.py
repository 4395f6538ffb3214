"""A prompt is known by its text: shipped names, own files, and the revision that goes into a trial's identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_sweeps.errors import InputError
from rag_sweeps.prompts.files import prompt_revision, read_prompt, shipped_prompts

REVISIONS = {"answer/1": "answer/1@b9223ff8ff7409b7", "judge/1": "judge/1@7e19dd57d88b0701"}


@pytest.mark.parametrize("name", REVISIONS)
def test_a_shipped_prompt_is_never_changed_only_followed_by_another(name: str) -> None:
    assert prompt_revision(name) == REVISIONS[name]


def test_shipped_prompts_are_listed_by_kind() -> None:
    assert "answer/1" in shipped_prompts("answer")
    assert "judge/1" in shipped_prompts("judge")


def test_an_own_file_is_known_by_its_text_wherever_it_lies(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.md"
    first.write_text("Answer in rhyme.\n", encoding="utf-8")
    second.write_bytes(b"Answer in rhyme.\r\n")
    assert prompt_revision(str(first)) == prompt_revision(str(second))
    second.write_text("Answer in prose.\n", encoding="utf-8")
    assert prompt_revision(str(first)) != prompt_revision(str(second))
    assert read_prompt(str(second), kind="answer").text == "Answer in prose.\n"


@pytest.mark.parametrize("name", ["answer/99", "judge/1", "nowhere.md", ".", "a\0b"])
def test_a_prompt_that_is_not_there_is_named_with_a_remedy(name: str) -> None:
    with pytest.raises(InputError, match="answer/1"):
        read_prompt(name, kind="answer")


def test_an_empty_or_binary_file_is_no_prompt(tmp_path: Path) -> None:
    path = tmp_path / "prompt.md"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match="empty"):
        read_prompt(str(path), kind="answer")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text file"):
        read_prompt(str(path), kind="answer")
