"""Queries that every request asks, written to SQL once per process: afterwards only their values change.

Django writes a query's SQL anew each time. For who is at work and for one case with its parties (joins of five tables, and
the table of permissions as a condition) that takes several times as long as the database needs to answer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable

Row = TypeVar("Row", bound=models.Model)
Value = int | str | date

_FIRST_INT, _FIRST_DAY = 9_000_000_000_000_000_001, date(1, 1, 1)


def _mark(kind: type[Value], number: int) -> Value:
    """A value that no query holds by itself, to be found again among the SQL's parameters."""
    if kind is int:
        return _FIRST_INT + number
    return _FIRST_DAY + timedelta(number) if kind is date else f"\x01mark {number}"


class Prepared(Generic[Row]):
    """One query. ``build`` is called once, with a mark of the kind for each name, and gives a queryset of whole objects.

    Its shape must depend on nothing but the marks: what ``build`` reads of the clock or of a person is kept for good.
    ``some``: names that some of a kind of query do not ask for; a mark that is lost otherwise is an error.
    """

    def __init__(
        self, build: Callable[..., models.QuerySet[Row]], *, some: Container[str] = (), **kinds: type[Value]
    ) -> None:
        self._build, self._some, self._kinds = build, some, kinds
        self._known: tuple[Any, str, tuple[Any, ...]] | None = None
        self._empty = False

    def _written(self) -> tuple[Any, str, tuple[Any, ...]]:
        """(compiler, SQL, parameters with names where marks stood). Two threads at once write the same."""
        if self._known is None:
            marks = {name: _mark(kind, number) for number, (name, kind) in enumerate(self._kinds.items())}
            compiler: Any = self._build(**marks).query.get_compiler(using=DEFAULT_DB_ALIAS)
            sql, params = compiler.as_sql()
            names = {mark: _Name(name) for name, mark in marks.items()}
            found = tuple(names.get(value, value) if isinstance(value, int | str | date) else value for value in params)
            missing = [name for name in self._kinds if name not in found and name not in self._some]
            assert not missing, f"the query does not ask for {missing}"
            self._known = compiler, sql, found
        return self._known

    def one(self, **values: Value) -> Row | None:
        """The first object that the query finds with these values, or None."""
        if self._empty:
            return None
        try:
            written, sql, params = self._written()
        except EmptyResultSet:  # a role that sees nothing: Django asks the database nothing either
            self._empty = True
            return None
        asked = tuple(values[value] if isinstance(value, _Name) else value for value in params)
        compiler = copy.copy(written)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # each thread has its own
        compiler.as_sql = lambda: (sql, asked)
        rows: Any = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            model=written.query.model,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _known_related_objects={},
        )
        return cast("Row | None", next(iter(ModelIterable(rows)), None))


class _Name(str):
    """The name of a value, in the place of its mark."""

    __slots__ = ()
