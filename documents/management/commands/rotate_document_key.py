"""`manage.py rotate_document_key`: every document's key under the newest ring key. Run as the worker or the owner."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from documents import keys, rotation


class Command(BaseCommand):
    help = "Lägger alla handlingars nycklar under den nyaste nyckeln i ringen. Kan avbrytas och köras igen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new", action="store_true", help="lägg först till en ny nyckel i ringens fil")
        parser.add_argument(
            "--check", action="store_true", help="räkna bara; felkod när något hänger på en äldre nyckel"
        )
        parser.add_argument(
            "--recheck",
            action="store_true",
            help="låt också arbetaren kontrollera filer som togs emot innan den kontrollerade kopian fanns",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["check"]:
                self._rotate(**options)
            standing = rotation.count()
        except (keys.NoKey, OSError) as error:
            raise CommandError(str(error)) from error
        for key, number in sorted(standing.by_key.items()):
            self.stdout.write(f"{key}: {number} handlingar{' (nyaste)' if key == standing.newest else ''}")
        if standing.plain:
            self.stdout.write(f"utan kryptering: {standing.plain} handlingar")
        if standing.behind:
            raise CommandError(f"{standing.behind} handlingar hänger inte på den nyaste nyckeln {standing.newest}.")
        self.stdout.write(
            f"Alla handlingar hänger på den nyaste nyckeln {standing.newest}. Äldre nycklar kan tas bort."
        )

    def _rotate(self, **options: Any) -> None:
        if options["new"]:
            self.stdout.write(f"Ny nyckel i ringen: {keys.add_key()}")
        if done := rotation.encrypt_plain():
            self.stdout.write(f"{done} handlingar krypterades.")
        self.stdout.write(f"{rotation.rewrap()} nycklar lades om.")
        if options["recheck"]:
            self.stdout.write(f"{rotation.ask_again()} äldre filer kontrolleras på nytt.")
