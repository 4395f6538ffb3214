"""The house: imports point down, importing does nothing heavy, names say something."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rag_sweeps"

# A room may import from rooms below it only; rooms on one floor do not know each other.
FLOORS = (
    {"errors", "records", "config.api_keys"},
    {"protocols", "parameters", "statistics", "metrics", "relevance", "environment", "store.files", "config.problems"},
    {"config.yaml_text", "ledger", "prompts", "curves"},
    {"config.yaml_marks"},
    {"prices"},
    {
        "costs",
        "tokenization",
        "config",
        "golden",
        "index",
        "objective",
        "store.vectors",
        "store.results",
        "store.sweeps",
    },
    {"chunking", "store.golden_sets", "store.rankings", "store.replies", "decision", "search", "racing"},
    {"gating", "revealing", "proposing", "providers", "lexical"},
    {"calling", "embedding"},
    {"retrieval", "answering", "judging"},
    {"recording", "trial_costs"},
    {"trial"},
    {"measuring", "planning", "judge_check"},
    {"outcome"},
    {"contest", "earlier_sweeps"},
    {"tracking", "report"},
    {"sweep"},
    {"workers"},
    {"hosting"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "base", "manager", "core", "common", "misc"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str | None:
    """The room a dotted module name below rag_sweeps belongs to; None for the package itself."""
    parts = module.split(".")
    for length in (2, 1):
        if ".".join(parts[:length]) in FLOOR_OF:
            return ".".join(parts[:length])
    return None


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rag_sweeps"):
            below = node.module.removeprefix("rag_sweeps").removeprefix(".")
            found |= {below if below else f"{below}.{alias.name}".strip(".") for alias in node.names}
            if below == "store":
                found |= {f"store.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {a.name.removeprefix("rag_sweeps.") for a in node.names if a.name.startswith("rag_sweeps.")}
    return found


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_down(path: Path) -> None:
    name = name_of(path)
    room = room_of(name)
    assert room is not None or name in ("", "store"), f"{name} has no floor; give it one in this test"
    for imported in imports_of(path):
        other = room_of(imported)
        if room is None or other is None or other == room:
            continue
        assert FLOOR_OF[other] < FLOOR_OF[room], f"{name} (floor {FLOOR_OF[room]}) imports {imported}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in modules() if path.stem in FORBIDDEN_NAMES]


def test_only_the_command_line_prints() -> None:
    printing = [
        name_of(path)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert set(printing) <= {"__main__"}


@pytest.mark.parametrize("module", ["rag_sweeps.cli", "rag_sweeps.config", "rag_sweeps.trial", "rag_sweeps.sweep"])
def test_importing_loads_no_model_and_no_tracker(module: str) -> None:
    heavy = ("torch", "sentence_transformers", "sklearn", "wandb", "weave", "openai", "anthropic", "datasets", "faiss")
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
