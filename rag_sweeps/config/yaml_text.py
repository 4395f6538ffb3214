"""A path -> the text of a config file, and the errors for a file that cannot be read as YAML at all."""

from __future__ import annotations

from pathlib import Path

import yaml

from rag_sweeps.config.problems import ConfigError, Problem

MAX_BYTES = 1_000_000


def read_text(path: Path, *, what: str = "a sweep config") -> str:
    """The file's text. Raises ConfigError where there is none. what: the kind of file, as a remedy names it."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise file_error(file, None, "no such file", f"give the path of {what}") from error
    except IsADirectoryError as error:
        raise file_error(file, None, "is a folder", f"give the path of {what} inside it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise file_error(file, None, f"cannot be read ({reason})", "check its name and its rights") from error
    if len(content) > MAX_BYTES:
        raise file_error(file, None, f"is larger than {MAX_BYTES:,} bytes", f"give the path of {what}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise file_error(file, line, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from error


def file_error(file: str, line: int | None, message: str, remedy: str) -> ConfigError:
    """The error for a single problem with a whole file."""
    return ConfigError([Problem(file, line, "", None, message, remedy)])


def syntax_error(file: str, text: str, error: yaml.YAMLError) -> ConfigError:
    """PyYAML's error without the snippet of the file, which could hold a key."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        return file_error(file, mark.line + 1 if mark else 1, f"is not YAML: {message}", "mend this line")
    position = getattr(error, "position", 0)
    line = text.count("\n", 0, position) + 1
    return file_error(file, line, "holds a character that YAML does not allow", "remove it")
