"""`rag-sweeps schema`"""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON schema of a sweep config, for editors.

    In VS Code (YAML extension) or any editor with yaml-language-server, write it to a file and put
    `# yaml-language-server: $schema=PATH` on the first line of a config.
    """
    from rag_sweeps.config import sweep_schema

    click.echo(json.dumps(sweep_schema(), indent=2, ensure_ascii=False))
