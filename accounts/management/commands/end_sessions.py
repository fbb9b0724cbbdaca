"""`manage.py end_sessions --user NAME` or `--all`: end the sessions of one user, or of everybody."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import sessions
from accounts.models import Login, User


class Command(BaseCommand):
    help = "Avsluta en användares inloggningar, eller allas."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--user", help="användarnamn")
        who.add_argument("--all", action="store_true", help="alla användare")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            count = Session.objects.all().delete()[0]
            Login.objects.filter(ended_at=None).update(ended_at=timezone.now(), session_key="")
        else:
            user = User.objects.filter(username=options["user"]).first()
            if user is None:
                raise CommandError("Användaren finns inte.")
            count = sessions.end_all(user)
        self.stdout.write(f"{count} inloggningar är avslutade.")
