"""What a new password must not be, beside Django's own list of common ones: what stands on the portal's own door."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User

WORDS = ("fmu-portal", "fmuportal", "försäkringskassan", "forsakringskassan")


class NoNameOfOurs:
    """Refuses a password that holds the portal's name, or the name of an organisation that the person works at.

    A name of few signs says little of a long password: those of less than six are not asked for.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises `ValidationError`."""
        names = [*WORDS]
        if user is not None and user.pk:
            names += user.mandates.values_list("organisation__name", flat=True).distinct()
        folded = _folded(password)
        if any(len(word) >= 6 and word in folded for word in map(_folded, names)):
            raise ValidationError("The name of the portal or of an organisation.", code="password_names_the_portal")

    def get_help_text(self) -> str:
        """Shown by nobody: the page says it in its own words."""
        return ""


def _folded(text: Any) -> str:
    return "".join(str(text).casefold().split())
