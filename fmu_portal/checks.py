"""Start-up checks: demonstration users do not exist where the demonstration was not asked for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError


@register("fmu", deploy=True)
def no_demo_users_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`manage.py check --deploy`: an error when demonstration users are in a production database."""
    from accounts.models import User

    if settings.DEMO:
        return []
    try:
        found = User.objects.filter(is_demo=True).exists()
    except DatabaseError:
        return []
    if not found:
        return []
    return [
        Error(
            "Databasen innehåller demonstrationsanvändare, men demonstrationen är inte begärd.",
            hint="Starta med FMU_DEMO=1, eller använd en databas utan demonstrationsdata.",
            id="fmu.E001",
        )
    ]
