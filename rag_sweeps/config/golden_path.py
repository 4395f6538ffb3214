"""The golden_set parameter -> its folder: from the current directory, or else from the config file's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rag_sweeps.config.problems import Problem
from rag_sweeps.config.yaml_marks import Marked

ARTIFACT = "artifact:"


def find_golden_dir(golden_set: str, config_file: Path) -> Path | None:
    """The folder as an absolute path; None for an artifact and where there is no folder."""
    if golden_set.startswith(ARTIFACT):
        return None
    # os.path.isdir, since Path.is_dir raises where a name is too long for the file system
    return next((place for place in _places(golden_set, config_file) if os.path.isdir(place)), None)


def check_golden_set(document: Marked, config_file: Path) -> Iterator[Problem]:
    """It is there and names a folder that exists, or an artifact. Where it is there, its spec has no other problem."""
    spec = document.entries["parameters"].entries.get("golden_set")
    if spec is None:
        remedy = "add golden_set: {value: <folder>} under parameters:"
        yield document.refuse_key("parameters", "golden_set", "is missing", remedy)
        return
    node = spec.entries["value"]
    if node.plain == ARTIFACT:
        yield node.refuse_value("golden_set.value", "names no artifact", "write artifact:<name>:<version>")
    elif not node.plain.startswith(ARTIFACT) and find_golden_dir(node.plain, config_file) is None:
        places = " and ".join(_printable(place) for place in _places(node.plain, config_file))
        remedy = f"looked at {places}; mend the path"
        yield node.refuse_value("golden_set.value", "is no folder", remedy)


def _places(golden_set: str, config_file: Path) -> list[Path]:
    places = [Path.cwd() / golden_set, Path(os.path.abspath(config_file)).parent / golden_set]
    return list(dict.fromkeys(places))


def _printable(place: Path) -> str:
    return str(place).encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
