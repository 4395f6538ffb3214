"""The verbs of `rag-sweeps`. A verb is imported when it is used, so that --help and check start at once."""

from __future__ import annotations

from importlib import import_module

import click

from rag_sweeps import __version__

VERBS = {
    "check": "Check a sweep config before anything is spent.",
    "plan": "Say what a sweep will take, before anything is spent.",
    "sweep": "Search a config for its best configuration.",
    "agent": "Work on a sweep that W&B hosts, in one warm process.",
    "trial": "Measure one configuration.",
    "sync": "Send to W&B what it did not take before.",
    "results": "List every trial of a sweep, for people or as JSON.",
    "report": "Write the report of a sweep: an HTML page, or a W&B report.",
    "gate": "Decide whether a configuration may take the place of another.",
    "promote": "Link a configuration to the W&B Registry, if the gate lets it pass.",
    "golden": "Check, seal and import golden sets.",
    "judge": "Measure the judge of a config: noise, bias, attacks.",
    "doctor": "Show what is installed, logged in and cached, and what to do about it.",
    "schema": "Print the JSON schema of a sweep config, for editors.",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"rag_sweeps.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(VERBS)}."
            ctx.fail(f"No such command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: rag-sweeps sweep configs/quickstart.yaml",
)
@click.version_option(__version__, prog_name="rag-sweeps")
def rag_sweeps() -> None:
    """Find the best RAG configuration for your own documents, and prove it.

    A sweep config (one W&B sweep YAML) says what to try; a golden set (documents and questions with evidence)
    says what is right. Without an account or a key everything runs on this machine.
    """
