"""Which columns the product picks with `values()` and `values_list()`, read from its source.

Rows picked like that are no objects, so `audit.models.Personal` does not notice that they were read. What a call picks
from is followed down its chain to a model's name, a related name, or a variable, parameter or function of the same
module. ``values()`` without a column on something that leads to no model is taken for a dictionary's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model

Models = dict[str, set[type[Model]]]


@dataclass(frozen=True)
class Picked:
    """One call: its line, the models it may pick from (none: unknown) and its columns; None: not to be read."""

    line: int
    models: frozenset[type[Model]]
    columns: tuple[str | None, ...]


def _names() -> Models:
    """A model's name, or the name by which another reaches it -> the models."""
    found: Models = {}
    for model in apps.get_models():
        found.setdefault(model.__name__, set()).add(model)
        for relation in model._meta.related_objects:
            if name := relation.get_accessor_name():
                found.setdefault(name, set()).add(relation.related_model)
    return found


def picked(source: str) -> Iterator[Picked]:
    """Every such call in a module."""
    yield from _Reader(ast.parse(source)).calls()


class _Reader:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._names = _names()

    def calls(self) -> Iterator[Picked]:
        for scope, call in self._within(self._tree, self._tree):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr in ("values", "values_list")):
                continue
            models = self._models(call.func.value, scope, frozenset())
            columns: list[str | None] = [_literal(a) for a in call.args]
            columns += [None for k in call.keywords if k.arg not in ("flat", "named")]
            if not columns:
                if not models and call.func.attr == "values":
                    continue
                columns = [None]
            yield Picked(call.lineno, frozenset(models), tuple(columns))

    def _within(self, node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield scope, child
            inner = child if isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef) else scope
            yield from self._within(child, inner)

    def _models(self, node: ast.AST, scope: ast.AST, seen: frozenset[str]) -> set[type[Model]]:
        """What an expression may be rows of."""
        if isinstance(node, ast.Subscript | ast.Starred):
            return self._models(node.value, scope, seen)
        if isinstance(node, ast.BoolOp | ast.BinOp | ast.IfExp | ast.Tuple | ast.List):
            return set().union(*(self._models(part, scope, seen) for part in ast.iter_child_nodes(node)))
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id not in seen:
                return self._returned(node.func.id, scope, seen)
            return self._models(node.func, scope, seen)
        if isinstance(node, ast.Attribute):
            return self._names.get(node.attr) or self._models(node.value, scope, seen)
        if isinstance(node, ast.Name):
            if node.id in self._names:
                return self._names[node.id]
            return set() if node.id in seen else self._bound(node.id, scope, seen | {node.id})
        return set()

    def _returned(self, name: str, scope: ast.AST, seen: frozenset[str]) -> set[type[Model]]:
        """What a function of the module says that it returns; for a class or another's function nothing."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef) and node.name == name and node.returns is not None:
                return self._annotated(node.returns)
        return self._bound(name, scope, seen | {name})

    def _bound(self, name: str, scope: ast.AST, seen: frozenset[str]) -> set[type[Model]]:
        """What a variable or parameter is bound to in its function, else in its module."""
        found: set[type[Model]] = set()
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and any(_is(target, name) for target in node.targets):
                found |= self._models(node.value, scope, seen)
            elif isinstance(node, ast.AnnAssign) and _is(node.target, name):
                found |= self._annotated(node.annotation)
            elif isinstance(node, ast.NamedExpr) and _is(node.target, name):
                found |= self._models(node.value, scope, seen)
            elif isinstance(node, ast.For | ast.comprehension) and _is(node.target, name):
                found |= self._models(node.iter, scope, seen)
            elif isinstance(node, ast.arg) and node.arg == name and node.annotation is not None:
                found |= self._annotated(node.annotation)
        return found if found or scope is self._tree else self._bound(name, self._tree, seen)

    def _annotated(self, annotation: ast.AST) -> set[type[Model]]:
        """The models that an annotation names: ``QuerySet[Note]``, ``"NoteQuerySet"``, an alias of the module."""
        found: set[type[Model]] = set()
        for node in ast.walk(annotation):
            text = node.id if isinstance(node, ast.Name) else node.value if isinstance(node, ast.Constant) else ""
            name = str(text).removesuffix("QuerySet")
            found |= self._names.get(name) or (self._bound(name, self._tree, frozenset({name})) if name else set())
        return found


def _is(target: ast.AST, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _literal(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def column(model: type[Model], path: str) -> Any:
    """The field at the end of ``assessment__number``; None for what is no column of the model (an annotation)."""
    here = model
    for part in path.split("__"):
        if part == "pk":
            return here._meta.pk
        fields = {name: f for f in here._meta.get_fields() for name in (f.name, getattr(f, "attname", f.name))}
        if part not in fields:
            return None
        field = fields[part]
        here = field.related_model or here
    return field
