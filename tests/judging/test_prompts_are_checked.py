"""`rag-sweeps check` names a prompt that no trial could use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cli

MODELS = {"generator": {"value": "openai:gpt-5-mini"}, "judge": {"value": "anthropic:claude-haiku-4-5"}}


@pytest.mark.parametrize("spec", [{"value": "mine.md"}, {"values": ["answer/1", "mine.md"]}])
def test_an_answer_prompt_that_is_not_there(
    cli: Cli, write_config: Callable[..., Path], spec: dict[str, object]
) -> None:
    ran = cli("check", write_config({**MODELS, "chunk_size": {"values": [32, 64]}, "answer_prompt": spec}))
    assert ran.code == 2
    assert "answer_prompt: 'mine.md' is no text file" in ran.err


def test_a_rubric_without_grades(cli: Cli, write_config: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("introduction: Judge.\nverdicts: {}\n", encoding="utf-8")
    config = write_config({**MODELS, "chunk_size": {"values": [32, 64]}, "judge_prompt": {"value": "mine.yaml"}})
    ran = cli("check", config)
    assert ran.code == 2
    assert "mine.yaml: verdicts has to hold" in ran.err
