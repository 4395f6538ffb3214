"""`rag-sweeps trial`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


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
    """
    from pydantic import ValidationError

    from rag_sweeps.cli.tables import interval
    from rag_sweeps.config import load_sweep
    from rag_sweeps.errors import InputError
    from rag_sweeps.golden import load_golden
    from rag_sweeps.objective import with_objective
    from rag_sweeps.parameters import contradictions
    from rag_sweeps.sweep import measure

    if config is None:
        raise InputError("which config? rag-sweeps trial CONFIG (a trial under `wandb agent` needs a later version)")
    sweep = load_sweep(config)
    try:
        params = sweep.trial_params(_parsed(settings))
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][-1]) if problem["loc"] else "?"
        raise InputError(f"--set {name}={problem['input']!r}: {problem['msg'].lower()}") from error
    for name, problem_text in contradictions(params):
        raise InputError(f"{name}: {problem_text}")
    if sweep.golden_dir is None:
        raise InputError("golden_set: an artifact can only be read under W&B; name a folder")
    golden = load_golden(sweep.golden_dir)
    result, from_store = measure(params, golden, split="dev" if split == "dev" else "test", progress=_silent)
    result = with_objective(result, {name: getattr(params, name) for name in _OBJECTIVE})
    for name, value in result.metrics.items():
        click.echo(f"{name:32} {interval(value)}  n={value.n}")
    click.echo(f"trial {result.trial_id[:16]} on {split}{', from the store' if from_store else ''}")


_OBJECTIVE = ("quality_metric", "cost_metric", "cost_weight")


def _parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    import yaml

    from rag_sweeps.errors import InputError
    from rag_sweeps.parameters import NAMES

    values = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in NAMES:
            from difflib import get_close_matches

            near = get_close_matches(name, NAMES, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"--set {setting}: expected NAME=VALUE with the name of a parameter{hint}")
        values[name] = yaml.safe_load(value)
    return values


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total
