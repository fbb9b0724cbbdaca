"""`manage.py claims_doc`: print docs/reimbursement.md from the checks and the worked examples."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reimbursement.claims_page import page


class Command(BaseCommand):
    help = "Skriv ut sidan om ersättning (docs/reimbursement.md) ur kontrollerna och de räknade exemplen."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
