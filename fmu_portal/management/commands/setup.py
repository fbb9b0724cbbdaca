"""`manage.py setup`: bring a database up to date. Run as the owner; safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from accounts.places import load_places
from fmu_portal.database import grant, load_calendar
from fmu_portal.engine.recount import find_moves
from rules.load import load


class Command(BaseCommand):
    help = "Migrera databasen, läs in regioner, kommuner, kalender och regler, och ge rollerna sina rättigheter."

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            # Two starts at once: the second waits, then finds nothing to do.
            cursor.execute("SELECT pg_advisory_lock(20181633)")
        try:
            call_command("migrate", interactive=False, verbosity=0)
            load_places()
            days = load_calendar()
            rules = load()
            grant()
            moves = find_moves()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(20181633)")
        self.stdout.write(f"Databasen är klar: {days} kalenderdagar, {rules} regler.")
        if moves:
            self.stdout.write(
                f"{moves} öppna uppgifter skulle få en annan dag. En förvaltare tar ställning på sidan Omräkning."
            )
