"""`rag-sweeps trial`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag_sweeps.hosting.assigned import Assignment
    from rag_sweeps.records import Split


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option(
    "--set", "-s", "settings", multiple=True, metavar="NAME=VALUE", help="A value for a parameter, as in YAML; repeat."
)
@click.option("--split", type=click.Choice(["dev", "test"]), default="dev", show_default=True)
def trial(config: Path | None, settings: tuple[str, ...], split: str) -> None:
    """Measure one configuration.

    Takes the constants of CONFIG, the defaults for what it sweeps, and what --set says, for example:

        rag-sweeps trial configs/quickstart.yaml -s retriever=hybrid -s chunk_size=128

    Under `wandb agent` it takes no argument: the run's config says everything.
    """
    if config is None and not settings:
        from rag_sweeps.hosting.assigned import take_assignment

        assignment = take_assignment()
        if assignment is not None:
            _run_assigned(assignment)
            return

    from dataclasses import asdict

    from rag_sweeps.calling import caller_for
    from rag_sweeps.cli.tables import interval
    from rag_sweeps.cli.tables import settings as settings_of
    from rag_sweeps.config import find_golden_dir, load_sweep
    from rag_sweeps.errors import InputError
    from rag_sweeps.golden import load_golden
    from rag_sweeps.measuring import measure
    from rag_sweeps.objective import with_objective
    from rag_sweeps.parameters import contradictions, models_of
    from rag_sweeps.protocols import no_progress
    from rag_sweeps.sweep import OBJECTIVE_SETTINGS
    from rag_sweeps.tracking.mode import spending_words

    if config is None:
        raise InputError("which config? rag-sweeps trial CONFIG; without one it runs under `wandb agent`")
    checked = load_sweep(config)
    params = checked.trial_params(_parsed(settings))
    spending = spending_words(models_of(asdict(params)), params.budget_usd)
    click.echo(f"one trial, kept in the store and not sent to W&B: {spending}")
    for name, problem in contradictions(params):
        raise InputError(f"{name}: {problem}")
    golden_dir = find_golden_dir(params.golden_set, config)
    if golden_dir is None:
        raise InputError(f"golden_set: {params.golden_set!r} is no folder; artifacts can only be read under W&B")
    golden = load_golden(golden_dir)
    caller = caller_for(
        models_of(asdict(params)), params, sweep_id=f"trial-{checked.sweep_id}", budget_usd=params.budget_usd
    )
    on: Split = "dev" if split == "dev" else "test"
    result, from_store = measure(params, golden, caller=caller, split=on, progress=no_progress)
    result = with_objective(result, {name: getattr(params, name) for name in OBJECTIVE_SETTINGS})
    for name, value in result.metrics.items():
        click.echo(f"{name:32} {interval(value)}  n={value.n}")
    click.echo(settings_of(result.params, list(checked.swept)) or "nothing is swept")
    click.echo(f"trial {result.trial_id[:16]} on {split}{', from the store' if from_store else ''}")


def _run_assigned(assignment: Assignment) -> None:
    from rich.console import Console

    from rag_sweeps.cli.hosted import leave, show
    from rag_sweeps.errors import TrialError
    from rag_sweeps.hosting.assigned import run_assignment
    from rag_sweeps.hosting.pulse import end_on_sigterm
    from rag_sweeps.protocols import no_progress
    from rag_sweeps.tracking.mode import detect_mode

    end_on_sigterm()
    mode = detect_mode()
    click.echo(mode.line)
    work, events = run_assignment(assignment, mode=mode.line, progress=no_progress)
    failed = None
    try:
        for event in events:
            show(event, Console(), work)
            failed = failed or (event.trial.reason if event.trial.state == "failed" else None)
    finally:
        leave(work, only_when_complete=True)
    if failed:
        raise TrialError(failed)


def _parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE pairs, each checked as `check` would."""
    import yaml

    from rag_sweeps.config import find_fault
    from rag_sweeps.errors import InputError
    from rag_sweeps.parameters import NAMES

    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in NAMES:
            from difflib import get_close_matches

            near = get_close_matches(name, NAMES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"--set {setting}: expected NAME=VALUE with the name of a parameter{hint}")
        try:
            values[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InputError(f"--set {setting}: the value of {name} is not YAML") from error
        fault = find_fault(name, values[name])
        if fault is not None:
            raise InputError(f"--set {setting}: {name} {fault[0]}; {fault[1]}")
    return values
