"""`rag-sweeps check CONFIG`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rag_sweeps.config import SweepConfig


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
def check(config: Path) -> None:
    """Check a sweep config before anything is spent.

    Names file, line, key, value and remedy of everything that is wrong (exit 2); warnings do not refuse.
    The golden set is verified too: every quote must stand in its document.
    """
    from rag_sweeps.config import load_sweep, missing_keys
    from rag_sweeps.golden import load_golden

    sweep = load_sweep(config)
    for warning in sweep.warnings:
        click.echo(f"warning: {warning}", err=True)
    check_tokenizers(sweep)
    check_prompts(sweep)
    check_settings(sweep)
    for name in missing_keys(sweep):
        click.echo(f"warning: {name} is not set; a sweep needs it", err=True)
    click.echo(f"{config}: {sweep.method} over {', '.join(sweep.swept) or 'nothing'}; sweep {sweep.sweep_id}")
    if sweep.golden_dir is not None:
        from rag_sweeps.cli.golden import summary

        golden = load_golden(sweep.golden_dir)
        click.echo(summary(golden))


def check_tokenizers(sweep: SweepConfig) -> None:
    """Raises InputError for a tokenizer that cannot be loaded here."""
    from rag_sweeps.tokenization import tokenize

    for tokenizer in _named(sweep, "tokenizer"):
        tokenize("a word", tokenizer)


def check_prompts(sweep: SweepConfig) -> None:
    """Raises InputError for a prompt file that is not there or is no rubric, where a model of a provider is asked."""
    from rag_sweeps.prompts.files import read_prompt
    from rag_sweeps.prompts.rubric import read_rubric

    if not sweep.models:
        return
    for name in _named(sweep, "answer_prompt"):
        read_prompt(name, kind="answer")
    for name in _named(sweep, "judge_prompt"):
        read_rubric(name)


def check_settings(sweep: SweepConfig) -> None:
    """Raises InputError for a setting that the provider of a model cannot take."""
    from rag_sweeps.errors import InputError
    from rag_sweeps.parameters import is_model, judges_of
    from rag_sweeps.providers.settings import setting_problem

    judges = [judge for panel in _named(sweep, "judge") for judge in judges_of(panel)]
    asked = [
        (model, name, name) for model in _named(sweep, "generator") for name in ("temperature", "reasoning_effort")
    ]
    asked += [(model, "judge_reasoning_effort", "reasoning_effort") for model in judges]
    for model, parameter, setting in asked:
        for value in _named(sweep, parameter) if is_model(model) else []:
            problem = setting_problem(model.partition(":")[0], setting, value)
            if problem is not None:
                raise InputError(f"{sweep.path}: {parameter}: {problem.replace(setting, parameter)} (for {model})")


def _named(sweep: SweepConfig, parameter: str) -> list[str]:
    """The values that a config gives a parameter; none where it has its default."""
    named = [sweep.constants.get(parameter), *sweep.swept.get(parameter, {}).get("values", [])]
    return [value for value in named if isinstance(value, str)]
