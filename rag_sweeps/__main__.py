"""The `rag-sweeps` command: runs a verb, turns errors into one message and an exit code."""

from __future__ import annotations

import sys
import warnings

from rag_sweeps.errors import EXIT_INPUT, EXIT_INTERRUPTED, DamagedCacheWarning, RagSweepsError


def main() -> None:
    import click

    from rag_sweeps.cli import rag_sweeps

    warnings.showwarning = _show_warning
    try:
        rag_sweeps.main(prog_name="rag-sweeps", standalone_mode=False)
    except RagSweepsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        print("\ninterrupted; the same command goes on where this one stopped", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_INTERRUPTED)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OSError as error:
        # A full disk, a folder that is a file, missing rights: the path says what to mend.
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        print("what is measured goes to RAG_SWEEPS_HOME, or .rag_sweeps in this folder", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_INPUT)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """Our own warnings are meant for the user; the place in the code only helps with other people's."""
    where = "" if issubclass(category, DamagedCacheWarning) else f"{filename}:{lineno}: {category.__name__}: "
    print(f"warning: {where}{message}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
