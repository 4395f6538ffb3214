"""The `rag-sweeps` command: runs a verb, turns errors into one message and an exit code."""

from __future__ import annotations

import sys

from rag_sweeps.errors import EXIT_INTERRUPTED, RagSweepsError


def main() -> None:
    from rag_sweeps.cli import rag_sweeps

    try:
        rag_sweeps.main(prog_name="rag-sweeps", standalone_mode=False)
    except RagSweepsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of a pipe has what it wanted; the interpreter must not complain while it closes.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on where this one stopped", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        import click

        if isinstance(error, click.Abort):
            print("\ninterrupted; the same command goes on where this one stopped", file=sys.stderr)  # noqa: T201
            sys.exit(EXIT_INTERRUPTED)
        if isinstance(error, click.exceptions.Exit):
            sys.exit(error.exit_code)
        if isinstance(error, click.ClickException):
            error.show()
            sys.exit(error.exit_code)
        raise


if __name__ == "__main__":
    main()
