"""`manage.py audit`: how old the unsealed tail is; ``--verify`` reads both logs against their seals.

``--anchor`` prints the last seals, to publish outside the portal; ``--verify --held ANCHOR`` also asks that a published
one still stands. Run as the database's owner.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.models import Log
from audit.sealing import anchor, holds, seal_all, tail, verify
from fmu_portal.database import passes_walls


class Command(BaseCommand):
    help = "Åtkomstloggens och händelsernas sigill: svansens ålder, kontroll, ankare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--verify", action="store_true", help="jämför varje rad med sigillen; felkod 1 vid skillnad"
        )
        parser.add_argument("--held", metavar="ANKARE", action="append", default=[], help="ett publicerat ankare")
        parser.add_argument("--anchor", action="store_true", help="skriv ut de senaste sigillen för publicering")
        parser.add_argument("--seal", action="store_true", help="försegla nu")

    def handle(self, *args: Any, **options: Any) -> None:
        if not passes_walls():
            raise CommandError("Kör som databasens ägare (DATABASE_URL): en annan roll ser inte hela loggen.")
        if options["seal"]:
            self.stdout.write(f"{seal_all()} rader förseglade.")
        if options["anchor"]:
            for log in Log:
                self.stdout.write(anchor(log) or f"{log}: inget sigill än")
            return
        if options["verify"]:
            started = time.monotonic()
            found = [sentence for log in Log for sentence in verify(log)]
            found += [f"Ankaret {held} finns inte i kedjan." for held in options["held"] if not holds(held)]
            for sentence in found:
                self.stdout.write(sentence)
            self.stdout.write(f"Sigillen kontrollerade på {time.monotonic() - started:.1f} s, {len(found)} skillnader.")
            if found:
                raise SystemExit(1)
            return
        for log in Log:
            end = tail(log)
            self.stdout.write(f"{log.label}: {end.rows} rader väntar på sigill, den äldsta {end.seconds} s gammal.")
