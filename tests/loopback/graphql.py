"""A GraphQL request -> its response, without a schema: fields are looked up on plain mappings.

A node is a mapping from field name to a value, or to a function of the field's arguments: by name in snake case, or
`input` alone. A field that a node does not have is this server's own gap: `UnansweredError` names it, and the server
answers 400, since a client repeats what fails with 5xx.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, InlineFragmentNode, OperationDefinitionNode, parse
from graphql.language import FragmentSpreadNode, SelectionSetNode, ast
from graphql.utilities import value_from_ast_untyped

Node = Mapping[str, Any]

INTERFACES = {
    "ArtifactSequence": {"ArtifactCollection"},
    "ArtifactPortfolio": {"ArtifactCollection"},
}


class UnansweredError(Exception):
    """A request this server does not know."""


class RefusedError(Exception):
    """What W&B answers to a request it knows and refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def snake(name: str) -> str:
    """`entityName` -> `entity_name`."""
    return re.sub(r"(?<=[a-z])([A-Z]+)", r"_\1", name).lower()


def operation_name(query: str) -> str:
    found = re.search(r"\b(?:query|mutation)\s+(\w+)", query)
    return found.group(1) if found else "unnamed"


def execute(query: str, variables: Mapping[str, Any], *, queries: Node, mutations: Node) -> dict[str, Any]:
    document = parse(query, no_location=True)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    root = mutations if operation.operation == ast.OperationType.MUTATION else queries
    return _Execution(document, operation, variables).select(
        root, [operation.selection_set], path=operation_name(query)
    )


class _Execution:
    def __init__(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.variables = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        } | dict(variables)

    def select(self, node: Node, selections: Sequence[SelectionSetNode], path: str) -> dict[str, Any]:
        fields: dict[str, list[FieldNode]] = {}
        for selection in selections:
            self._collect(node, selection, fields)
        return {key: self._answer(node, same, f"{path}.{key}") for key, same in fields.items()}

    def _collect(self, node: Node, selections: SelectionSetNode, fields: dict[str, list[FieldNode]]) -> None:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                fields.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if selection.type_condition is None or _is_a(node, selection.type_condition.name.value):
                    self._collect(node, selection.selection_set, fields)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                if _is_a(node, fragment.type_condition.name.value):
                    self._collect(node, fragment.selection_set, fields)

    def _included(self, selection: Any) -> bool:
        for directive in selection.directives or ():
            wanted = {argument.name.value: self._value(argument.value) for argument in directive.arguments or ()}["if"]
            if wanted == (directive.name.value == "skip"):
                return False
        return True

    def _answer(self, node: Node, same: Sequence[FieldNode], path: str) -> Any:
        name = same[0].name.value
        if name not in node:
            raise UnansweredError(f"{path}: {node.get('__typename', 'node')} has no field {name!r}")
        value = node[name]
        if callable(value):
            asked = {snake(argument.name.value): self._value(argument.value) for argument in same[0].arguments or ()}
            value = value(asked["input"]) if set(asked) == {"input"} else value(**asked)
        return self._shape(value, [field.selection_set for field in same if field.selection_set], path)

    def _shape(self, value: Any, selections: Sequence[SelectionSetNode], path: str) -> Any:
        if value is None or not selections:
            return value
        if isinstance(value, Sequence):
            return [self._shape(each, selections, path) for each in value]
        return self.select(value, selections, path)

    def _value(self, node: Any) -> Any:
        if isinstance(node, ast.VariableNode):
            return self.variables.get(node.name.value)
        if isinstance(node, ast.ListValueNode):
            return [self._value(each) for each in node.values]
        if isinstance(node, ast.ObjectValueNode):
            return {field.name.value: self._value(field.value) for field in node.fields}
        return value_from_ast_untyped(node)


def _is_a(node: Node, type_name: str) -> bool:
    own = node.get("__typename")
    return own is None or own == type_name or type_name in INTERFACES.get(own, ())


def connection(nodes: Sequence[Any], first: int | None = None, after: str | None = None) -> dict[str, Any]:
    """One page of a Relay connection; a cursor is the number of nodes before it."""
    start = int(after or 0)
    end = len(nodes) if first is None else min(len(nodes), start + first)
    edges = [{"node": node, "cursor": str(start + place + 1)} for place, node in enumerate(nodes[start:end])]
    page = {"__typename": "PageInfo", "hasNextPage": end < len(nodes), "endCursor": str(end) if edges else None}
    return {"__typename": "Connection", "edges": edges, "pageInfo": page, "totalCount": len(nodes)}
