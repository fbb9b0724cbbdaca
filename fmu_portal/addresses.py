"""What stands in an address: numbers and case numbers, read alike by every page and by the API."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def number_in(text: str | None) -> int | None:
    """A whole number that the database can hold, or None for anything else (also "²" and the like)."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def ours(url: str) -> bool:
    """Whether an address that somebody sent leads to a page of the portal, and to no other host."""
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


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
