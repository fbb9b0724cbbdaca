"""`manage.py process`: print docs/process.md from the table."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from orders.diagram import page


class Command(BaseCommand):
    help = "Skriv ut processens sida (docs/process.md) ur tabellen."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
