"""`rag-sweeps check CONFIG`"""

from __future__ import annotations

from pathlib import Path

import click


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
    click.echo(f"{config}: {sweep.method} over {', '.join(sweep.swept) or 'nothing'}; sweep {sweep.sweep_id}")
    if sweep.golden_dir is not None:
        from rag_sweeps.cli.golden import summary

        golden = load_golden(sweep.golden_dir)
        click.echo(summary(golden))
