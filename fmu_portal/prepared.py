"""Queries that every request asks, written to SQL once per process: afterwards only their values change.

Django writes a query's SQL anew each time. For who is at work and for one case with its parties (joins of five tables, and
the table of permissions as a condition) that takes several times as long as the database needs to answer.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from uuid import UUID
from weakref import WeakSet

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.lookups import Lookup
from django.db.models.query import ModelIterable

from fmu_portal.plans import fill, planned

Row = TypeVar("Row", bound=models.Model)
Value = int | str | date | list[Any]

_FIRST_INT, _FIRST_DAY = 9_000_000_000_000_000_001, date(1, 1, 1)
_FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)


def _mark(kind: type[Value], number: int) -> Value:
    """A value that no query holds by itself, to be found again among the SQL's parameters."""
    if kind is int:
        return _FIRST_INT + number
    if kind is list:
        return [_FIRST_INT + number]
    if kind is datetime:
        return _FIRST_MOMENT + timedelta(number)
    return _FIRST_DAY + timedelta(number) if kind is date else f"\x01mark {number}"


@models.Field.register_lookup
class AnyOf(Lookup):
    """``field__any_of=[…]``: as ``in``, with the list as one value, so that the SQL is the same for any number."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        right, more = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", (*params, *more)


_WRITTEN: WeakSet[Prepared[Any]] = WeakSet()


def forget_all() -> None:
    """Write every query anew: for a test that has turned a filter off."""
    for query in [*_WRITTEN]:
        query.forget()


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
        _WRITTEN.add(self)

    def forget(self) -> None:
        """Write it anew the next time."""
        self._known, self._empty = None, False

    def _written(self) -> tuple[Any, str, tuple[Any, ...]]:
        """(compiler, SQL, the name of the value in each of its places). Two threads at once write the same."""
        if self._known is None:
            marks = {name: _mark(kind, number) for number, (name, kind) in enumerate(self._kinds.items())}
            compiler: Any = self._build(**marks).query.get_compiler(using=DEFAULT_DB_ALIAS)
            sql, params = compiler.as_sql()
            names = {str(mark): name for name, mark in marks.items()}
            kinds = tuple(self._kinds.values())
            asked = [names.get(str(value)) if isinstance(value, kinds) else None for value in params]
            missing = [name for name in self._kinds if name not in asked and name not in self._some]
            assert not missing, f"the query does not ask for {missing}"
            # What is the same each time stands in the text, where the planner sees it.
            sql = fill(sql, {number: value for number, value in enumerate(params) if asked[number] is None})
            self._known = compiler, sql, tuple(name for name in asked if name is not None)
        return self._known

    def asked(self, **values: Value) -> Asked[Row] | None:
        """The query with these values, to be run alone or `together` with others; None for one that can find nothing."""
        if self._empty:
            return None
        try:
            written, sql, params = self._written()
        except EmptyResultSet:  # a role that sees nothing: Django asks the database nothing either
            self._empty = True
            return None
        return Asked(written, sql, tuple(values[name] for name in params))

    def one(self, **values: Value) -> Row | None:
        """The first object that the query finds with these values, or None."""
        asked = self.asked(**values)
        return None if asked is None else asked.first()

    def every(self, **values: Value) -> list[Row]:
        """All objects that the query finds with these values."""
        asked = self.asked(**values)
        return [] if asked is None else asked.planned().all()


@cache
def _for_change(model: type[Row]) -> Prepared[Row]:
    return Prepared(lambda pk: model._default_manager.select_for_update(of=("self",)).filter(pk=pk), pk=int)


def lock_row(model: type[Row], pk: int) -> Row:
    """The row with this key, locked until the transaction ends. Raises the model's ``DoesNotExist``."""
    row: Row | None = _for_change(model).one(pk=pk)
    if row is None:
        raise model.DoesNotExist  # type: ignore[attr-defined]
    return row


@dataclass(frozen=True)
class Asked(Generic[Row]):
    """A written query with its values. ``compiler``: Django's, which turns rows into objects."""

    compiler: Any
    sql: str
    params: tuple[Any, ...]

    def objects(self, rows: list[Any] | None = None) -> Iterator[Row]:
        """What it finds, as objects. ``rows``: what the database has answered already."""
        compiler = self._own_compiler()
        if rows is not None:
            compiler.execute_sql = lambda **_: [rows]
        found: Any = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            model=self.compiler.query.model,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _known_related_objects={},
        )
        return cast("Iterator[Row]", iter(ModelIterable(found)))

    def planned(self) -> Asked[Row]:
        """The same, planned once per connection (`fmu_portal.plans`): for what is found by a key. A list's best way
        depends on its values."""
        return replace(self, sql=planned(self.sql))

    def first(self) -> Row | None:
        """The first object that a planned query finds, or None."""
        return next(self.planned().objects(), None)

    def all(self) -> list[Row]:
        """Every object that it finds."""
        return list(self.objects())

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """What a query of values finds (`values_list`), in the order in which they were asked for."""
        return cast("Iterator[tuple[Any, ...]]", self._own_compiler().results_iter(tuple_expected=True))

    def _own_compiler(self) -> Any:
        """Django's, with this SQL and these values, on the thread's own connection."""
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda: (self.sql, self.params)
        return compiler

    def rows_of(self, text: str) -> list[list[Any]]:
        """The rows as the driver gives them, out of a JSON list of lists."""
        columns = [_from_json(selected[0].output_field) for selected in self.compiler.select]
        return [
            [None if value is None else read(value) for read, value in zip(columns, row, strict=True)]
            for row in json.loads(text, parse_float=Decimal)
        ]


def together(queries: Mapping[str, Asked[Any] | None]) -> dict[str, list[Any]]:
    """What several written queries find, by name, in one question to the database; nothing for a None.

    Each answer comes as a JSON list of its rows. A question costs the same to send whatever it holds: twelve small ones
    take the time of four.
    """
    asked = {name: query for name, query in queries.items() if query is not None}
    if not asked:
        return {name: [] for name in queries}
    parts: list[str] = []
    params: list[Any] = []
    for query in asked.values():
        names = ", ".join(f"c{n}" for n in range(len(query.compiler.select)))
        rows = f"FROM ({query.sql}) AS q({names})"
        parts.append(f"(SELECT json_agg(json_build_array({names}))::text {rows})")
        params += query.params
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(planned(f"SELECT {', '.join(parts)}"), params)
        answer = cursor.fetchone()
    found: dict[str, list[Any]] = {name: [] for name in queries}
    for (name, query), text in zip(asked.items(), answer, strict=True):
        if text is not None:
            found[name] = list(query.objects(query.rows_of(text)))
    return found


def _from_json(column: Any) -> Callable[[Any], Any]:
    """How a column's value in JSON becomes what the driver would have given."""
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    if isinstance(column, ArrayField):
        one = _from_json(column.base_field)
        return lambda values: [None if value is None else one(value) for value in values]
    return next((read for kind, read in _READ if isinstance(column, kind)), _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


_READ: tuple[tuple[type[models.Field[Any, Any]], Callable[[Any], Any]], ...] = (
    (models.DateTimeField, datetime.fromisoformat),  # before its parent
    (models.DateField, date.fromisoformat),
    (models.TimeField, time.fromisoformat),
    (models.UUIDField, UUID),
    (models.DecimalField, lambda value: Decimal(str(value))),
    (models.BinaryField, lambda value: memoryview(bytes.fromhex(value[2:]))),
    (models.JSONField, json.dumps),
)
