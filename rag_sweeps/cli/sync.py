"""`rag-sweeps sync`"""

from __future__ import annotations

import click


@click.command()
def sync() -> None:
    """Send results to W&B that it did not take when they were measured.

    Each is sent to the run it belongs to, once; what the server has already is left as it is. Exit 1 when some
    results are still pending.
    """
    from rag_sweeps.cli.hosted import say_pending
    from rag_sweeps.errors import InputError, TrialError
    from rag_sweeps.hosting.syncing import sync_all
    from rag_sweeps.tracking.mode import detect_mode
    from rag_sweeps.tracking.pending import n_pending, pending_summaries

    mode = detect_mode()
    click.echo(mode.line)
    if not n_pending() and not pending_summaries():
        click.echo("nothing is pending")
        return
    if not mode.is_online:
        raise InputError("results can only be sent when logged in: set WANDB_API_KEY or run wandb login")
    n_sent, problems = sync_all()
    click.echo(f"{n_sent} sent")
    say_pending()
    if problems:
        raise TrialError(problems[0])
