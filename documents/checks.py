"""`manage.py check --deploy`: whether the machine gives the check of uploaded files all its walls."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from documents import sandbox


@register("fmu", deploy=True)
def walls_of_the_child(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A warning when the child has weaker walls here than it could have. To be run where the worker runs."""
    try:
        missing = sandbox.missing_walls()
    except (sandbox.CheckUnavailable, sandbox.Broken):
        return [
            Warning(
                "Kontrollen av uppladdade filer startar inte på den här maskinen.",
                hint="Filer blir stående som Kontrolleras. Se docs/operations.md, Uploaded files.",
                id="fmu.W002",
            )
        ]
    if not missing:
        return []
    return [
        Warning(
            f"Kontrollen av uppladdade filer saknar väggar på den här maskinen: {', '.join(missing)}.",
            hint="Tillåt namnrymder (unshare) för arbetaren. Se docs/operations.md, Uploaded files.",
            id="fmu.W001",
        )
    ]
