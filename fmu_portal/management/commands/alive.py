"""`manage.py alive worker`: whether a background process has said lately that it is alive. For a container's health check."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from fmu_portal.models import Heartbeat

LATELY = timedelta(seconds=60)


class Command(BaseCommand):
    help = "Slutar med 0 om processen har gett livstecken den senaste minuten, annars med 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=["worker", "beat"])

    def handle(self, *args: Any, **options: Any) -> None:
        if not Heartbeat.objects.filter(name=options["name"], at__gte=timezone.now() - LATELY).exists():
            sys.exit(1)
