"""`manage.py erase`: what the owners' erasure decisions would erase; ``--apply --confirm DIGEST`` erases just that.

Run as the database's owner, where the documents lie. Without a decision in the file of settings nothing is ever erased.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fmu_portal.database import passes_walls
from orders import erasure
from orders.retention import PARTS, BadDecision, Kind, decisions_file

WORDS = {
    Kind.NEEDS: "behov",
    Kind.PERSON: "personer",
    Kind.ORDER: "beställningar",
    Kind.DOCUMENT: "handlingar",
    Kind.VERSION: "utlåtanden",
    Kind.DRAFT: "utkast till utlåtande",
    Kind.NOTE: "anteckningar",
    Kind.STEP_DRAFT: "utkast",
    Kind.MESSAGE: "meddelanden",
    Kind.MESSAGE_DRAFT: "utkast till meddelanden",
    Kind.VISIT: "besöksplatser",
}


class Command(BaseCommand):
    help = "Gallra enligt ägarnas gallringsbeslut: först en förhandsvisning, sedan exakt det som visades."

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--preview", action="store_true", help="visa bara (det görs om inget annat sägs)")
        group.add_argument("--apply", action="store_true", help="gallra det som förhandsvisningen visade")
        parser.add_argument("--confirm", metavar="KONTROLLSUMMA", default="", help="förhandsvisningens kontrollsumma")

    def handle(self, *args: Any, **options: Any) -> None:
        if not passes_walls():
            raise CommandError("Kör som databasens ägare (DATABASE_URL): en annan roll ser inte alla ärenden.")
        try:
            if options["apply"]:
                self._apply(options["confirm"])
            else:
                self._preview()
        except BadDecision as error:
            raise CommandError(f"{error} Inget är gallrat.") from error

    def _preview(self) -> None:
        planned = erasure.plan()
        self.stdout.write(f"Gallringsbeslut läses ur {decisions_file()}.")
        decided = {decision.part for decision in planned.decisions}
        for line in planned.lines():
            decision = line.decision
            rows = ", ".join(f"{count} {WORDS[kind]}" for kind, count in line.rows.items()) or "inget"
            self.stdout.write(
                f"{decision.owner_name}: {PARTS[decision.part].label}. Beslut {decision.reference} av {decision.decided_on},"
                f" {decision.years} år efter att ärendet avslutades. {line.cases} ärenden: {rows}."
            )
        for name, part in PARTS.items():
            if name not in decided:
                self.stdout.write(f"{part.label}: inget gallringsbeslut, inget gallras.")
        if left := erasure.files_left().count():
            self.stdout.write(f"{left} gallrade handlingars filer är kvar att ta bort; det görs vid nästa --apply.")
        if planned.items:
            self.stdout.write(f"Inget är gallrat än. Gallra med: erase --apply --confirm {planned.digest}")
        else:
            self.stdout.write("Inget ska gallras i dag.")

    def _apply(self, confirmed: str) -> None:
        failed = erasure.remove_files()
        try:
            done = erasure.carry_out(confirmed)
        except erasure.Changed:
            if not erasure.plan().items:
                self._files(failed)
                self.stdout.write("Inget ska gallras. Det som skulle gallras är gallrat.")
                return
            raise CommandError(
                "Kontrollsumman är inte den förhandsvisning som gäller nu. Inget är gallrat. Kör erase --preview igen."
            ) from None
        self.stdout.write(f"Gallring {done.erasure.pk}: {done.rows} delar i {done.cases} ärenden.")
        if done.skipped:
            self.stdout.write(f"{done.skipped} ärenden ändrades efter förhandsvisningen och är orörda.")
        self._files(erasure.files_left().count())

    def _files(self, left: int) -> None:
        if left:
            raise CommandError(f"{left} filer gick inte att ta bort ur lagringen. Kör kommandot igen.")
