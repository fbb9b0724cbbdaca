"""`manage.py books --check`: the books against the decisions, the payments and their own sums; exit code 1 on a difference."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fmu_portal.database import passes_walls
from reimbursement.balancing import differences
from reimbursement.models import Entry


class Command(BaseCommand):
    help = "Jämför bokföringen med besluten, utbetalningarna och årssummorna."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", required=True, help="jämför; ändrar ingenting")

    def handle(self, *args: Any, **options: Any) -> None:
        if not passes_walls():
            raise CommandError("Kör som databasens ägare (DATABASE_URL): en annan roll ser inte alla poster.")
        found = 0
        for sentence in differences():
            self.stdout.write(sentence)
            found += 1
        if found:
            raise CommandError(f"{found} skillnader.", returncode=1)
        self.stdout.write(f"{Entry.objects.count()} poster, inga skillnader.")
