"""`manage.py api_key --user NAME [--mandate ID] [--sign]`: make a bearer key and print it once; `--revoke` ends them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import ApiKey, Mandate


class Command(BaseCommand):
    help = "Skapa en API-nyckel för en användares uppdrag. Nyckeln visas en gång."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="användarnamn")
        parser.add_argument("--mandate", type=int, help="uppdragets nummer, när användaren har flera")
        parser.add_argument("--sign", action="store_true", help="nyckeln får signera och skicka utlåtanden")
        parser.add_argument("--revoke", action="store_true", help="dra in uppdragets nycklar i stället")

    def handle(self, *args: Any, **options: Any) -> None:
        mandates = Mandate.objects.valid().filter(user__username=options["user"]).select_related("organisation")
        if options["mandate"]:
            mandates = mandates.filter(pk=options["mandate"])
        found = list(mandates.order_by("pk"))
        if not found:
            raise CommandError("Användaren finns inte, eller har inget giltigt uppdrag med det numret.")
        if len(found) > 1:
            listed = "\n".join(f"  --mandate {m.pk}  {m}" for m in found)
            raise CommandError(f"Användaren har flera uppdrag. Välj ett:\n{listed}")
        if options["revoke"]:
            revoked = ApiKey.objects.filter(mandate=found[0], revoked_at__isnull=True).update(revoked_at=timezone.now())
            self.stdout.write(f"{revoked} nycklar är indragna.")
            return
        self.stdout.write(ApiKey.issue(found[0], may_sign=options["sign"]))
