"""The `rag-sweeps` command: runs a verb, turns errors into one message and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import warnings

from rag_sweeps.errors import EXIT_DONE, EXIT_INPUT, EXIT_INTERRUPTED, DamagedCacheWarning, RagSweepsError

LEAVE_SECONDS = 20.0
"""Longest the process lives after its last line, whatever a library still waits for."""


def main() -> None:
    code = _run()
    _leave_within(LEAVE_SECONDS, code)
    sys.exit(code)


def _run() -> int:
    import click

    from rag_sweeps.cli import rag_sweeps

    warnings.showwarning = _show_warning
    try:
        rag_sweeps.main(prog_name="rag-sweeps", standalone_mode=False)
    except RagSweepsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("\ninterrupted; the same command goes on where this one stopped", file=sys.stderr)  # noqa: T201
        return EXIT_INTERRUPTED
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        # A full disk, a folder that is a file, missing rights: the path says what to mend.
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        print("what is measured goes to RAG_SWEEPS_HOME, or .rag_sweeps in this folder", file=sys.stderr)  # noqa: T201
        return EXIT_INPUT
    return EXIT_DONE


def _leave_within(seconds: float, code: int) -> None:
    """W&B's service may wait for a server that never answers; by now everything worth keeping is on the disk."""

    def leave() -> None:
        time.sleep(seconds)
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)

    threading.Thread(target=leave, name="leave", daemon=True).start()


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """Our own warnings are meant for the user; the place in the code only helps with other people's."""
    where = "" if issubclass(category, DamagedCacheWarning) else f"{filename}:{lineno}: {category.__name__}: "
    print(f"warning: {where}{message}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
