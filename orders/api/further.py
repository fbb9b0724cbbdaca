"""Operations of the API that apps further up add when they start."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import URLPattern

_further: list[Callable[[], list[URLPattern]]] = []


def register(operations: Callable[[], list[URLPattern]]) -> None:
    """Add an app's operations, given when the addresses are first asked for."""
    _further.append(operations)


def patterns() -> list[URLPattern]:
    """All that has been added."""
    return [operation for operations in _further for operation in operations()]
