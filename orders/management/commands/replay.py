"""`manage.py replay --check`: do the events give the rows? Prints each difference; exit code 1 when there is one."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fmu_portal.database import passes_walls
from orders.models import Assessment
from orders.replay import differences


class Command(BaseCommand):
    help = "Spela upp ärendena från deras händelser och jämför med det som är lagrat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", required=True, help="jämför; ändrar ingenting")
        parser.add_argument("--case", metavar="ÄRENDENUMMER", help="bara ett ärende")

    def handle(self, *args: Any, **options: Any) -> None:
        if not passes_walls():
            raise CommandError("Kör som databasens ägare (DATABASE_URL): en annan roll ser inte alla ärenden.")
        started = time.monotonic()
        case_id = Assessment.objects.get(number=options["case"]).pk if options["case"] else None
        found = 0
        for sentence in differences(case_id):
            self.stdout.write(sentence)
            found += 1
        seconds = time.monotonic() - started
        cases = 1 if case_id else Assessment.objects.count()
        self.stdout.write(f"{cases} ärenden uppspelade på {seconds:.1f} s, {found} skillnader.")
        if found:
            raise SystemExit(1)
