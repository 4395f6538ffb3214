"""A YAML file -> plain values that remember their line. Refuses what JSON, and so W&B, could not carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rag_sweeps.config.problems import ConfigError, Problem, show_key, show_value
from rag_sweeps.config.yaml_text import file_error, read_text, syntax_error

MAX_NODES = 100_000
"""Values of a file after its aliases are written out; a few nested aliases can stand for billions."""

_YAML = "tag:yaml.org,2002:"
_SCALARS = {f"{_YAML}{kind}" for kind in ("null", "bool", "int", "float", "str")}
_QUOTE = "put it in quotes"


@dataclass(frozen=True, slots=True)
class Marked:
    """One YAML value. plain: as Python reads it; entries and items: its parts, empty where it has none.

    key_lines: the line of each key of a mapping. n_nodes: values in it, itself included.
    """

    file: str
    line: int
    plain: Any
    entries: Mapping[str, Marked] = field(default_factory=dict)
    key_lines: Mapping[str, int] = field(default_factory=dict)
    items: tuple[Marked, ...] = ()
    n_nodes: int = 1

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.plain, dict)

    def refuse_value(self, key: str, message: str, remedy: str) -> Problem:
        """This value is wrong."""
        return Problem(self.file, self.line, key, show_value(self.plain), message, remedy)

    def refuse_key(self, name: str, key: str, message: str, remedy: str) -> Problem:
        """Something is wrong with the entry `name` of this mapping; at the mapping's own line where it has none."""
        return Problem(self.file, self.key_lines.get(name, self.line), key, None, message, remedy)


def read_marked(
    path: Path,
    *,
    what: str = "a sweep config",
    example: str = "method: bayes",
    loader_class: type[yaml.SafeLoader] = yaml.SafeLoader,
) -> tuple[Marked, list[Problem]]:
    """The file's mapping, and what is wrong with keys in it. Raises ConfigError where there is no mapping to read.

    what, example: the kind of file, and an entry of it, as a remedy names them. loader_class: how its scalars are read.
    """
    file, text = str(path), read_text(path, what=what)
    try:
        loader = loader_class(text)
        node = loader.get_single_node()
        if node is None:
            raise file_error(file, 1, "the file is empty", f"write {what}, for example {example}")
        problems = [*_find_repeated_keys(file, node)]
        marked = _Reader(file, loader, problems).mark(node)
    except yaml.YAMLError as error:
        raise syntax_error(file, text, error) from error
    except RecursionError as error:
        raise file_error(file, 1, "is nested too deeply", f"{what} has few levels") from error
    if marked.n_nodes > MAX_NODES:
        raise file_error(file, 1, f"holds more than {MAX_NODES:,} values", "write out its aliases, or shorten it")
    if not marked.is_mapping:
        raise ConfigError([marked.refuse_value("", "is no mapping", f"write keys, for example {example}")])
    return marked, problems


def _find_repeated_keys(file: str, root: yaml.Node) -> Iterator[Problem]:
    """Before merge keys (<<) are resolved: a key that overrides a merged one is no repetition."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            stack += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        stack += [value for _, value in node.value]
        first_lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line, name = key.start_mark.line + 1, key.value
            if name in first_lines:
                remedy = f"keep this one or the one in line {first_lines[name]}"
                yield Problem(file, line, show_key(name), None, "stands twice", remedy)
            first_lines.setdefault(name, line)


class _Reader:
    """Composed YAML nodes -> Marked values; a node with several aliases is read once."""

    def __init__(self, file: str, loader: yaml.SafeLoader, problems: list[Problem]) -> None:
        self._file = file
        self._loader = loader
        self._problems = problems
        self._done: dict[int, Marked] = {}
        self._open: set[int] = set()

    def mark(self, node: yaml.Node) -> Marked:
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open:
            raise self._refuse(node, "holds itself", "write the alias out")
        self._open.add(id(node))
        marked = self._mark_new(node)
        self._open.remove(id(node))
        self._done[id(node)] = marked
        return marked

    def _mark_new(self, node: yaml.Node) -> Marked:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_YAML}map":
            return self._mark_mapping(node)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_YAML}seq":
            items = tuple(self.mark(item) for item in node.value)
            plain = [item.plain for item in items]
            return Marked(self._file, _line(node), plain, items=items, n_nodes=1 + sum(i.n_nodes for i in items))
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return Marked(self._file, _line(node), self._scalar(node))
        kind = node.tag.removeprefix(_YAML)
        raise self._refuse(node, f"is a {kind}, which a sweep config cannot carry", _QUOTE)

    def _mark_mapping(self, node: yaml.MappingNode) -> Marked:
        self._loader.flatten_mapping(node)
        entries: dict[str, Marked] = {}
        key_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self.mark(key_node)
            value = self.mark(value_node)
            if not isinstance(key.plain, str):
                self._problems.append(key.refuse_value("", "is a key and not text", _QUOTE))
                continue
            entries[key.plain] = value
            key_lines[key.plain] = key.line
        plain = {name: value.plain for name, value in entries.items()}
        n_nodes = 1 + sum(value.n_nodes for value in entries.values())
        return Marked(self._file, _line(node), plain, entries, key_lines, n_nodes=n_nodes)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        try:
            value: object = self._loader.construct_object(node)
        except (ValueError, KeyError) as error:
            raise self._refuse(node, f"is no {node.tag.removeprefix(_YAML)}", _QUOTE) from error
        if isinstance(value, int) and value.bit_length() > 63:
            raise self._refuse(node, "is too large a number", "write a smaller one")
        return value

    def _refuse(self, node: yaml.Node, message: str, remedy: str) -> ConfigError:
        value = show_value(node.value) if isinstance(node, yaml.ScalarNode) else None
        return ConfigError([*self._problems, Problem(self._file, _line(node), "", value, message, remedy)])


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
