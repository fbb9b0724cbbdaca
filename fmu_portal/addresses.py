"""What stands in an address: numbers and case numbers, read alike by every page and by the API."""

from __future__ import annotations


def number_in(text: str | None) -> int | None:
    """A whole number that the database can hold, or None for anything else (also "²" and the like)."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


class CaseNumber:
    """A case number in an address, 2026-000123; anything else is no address of a case."""

    regex = "[0-9]{4}-[0-9]{6}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class RowKey:
    """The key of a row in an address: a whole number that the database can hold."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """As it is."""
        return str(value)
