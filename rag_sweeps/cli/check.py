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
    from rag_sweeps.config import load_sweep
    from rag_sweeps.golden import load_golden

    sweep = load_sweep(config)
    for warning in sweep.warnings:
        click.echo(f"warning: {warning}", err=True)
    check_tokenizers(sweep)
    click.echo(f"{config}: {sweep.method} over {', '.join(sweep.swept) or 'nothing'}; sweep {sweep.sweep_id}")
    if sweep.golden_dir is not None:
        from rag_sweeps.cli.golden import summary

        golden = load_golden(sweep.golden_dir)
        click.echo(summary(golden))


def check_tokenizers(sweep: SweepConfig) -> None:
    """Raises InputError for a tokenizer that cannot be loaded here."""
    from rag_sweeps.tokenization import tokenize

    named = [sweep.constants.get("tokenizer"), *sweep.swept.get("tokenizer", {}).get("values", [])]
    for tokenizer in named:
        if tokenizer is not None:
            tokenize("a word", tokenizer)
