"""`manage.py demo`: fill every desk with made-up people and cases. Run as the owner; all or nothing, once."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from fmu_portal.engine import clock
from fmu_portal.engine.refusals import NoRule
from orders.demo import decisions, loading, parties, planning, visiting
from orders.demo.calendar import Calendar
from regions import asking
from regions.models import Agreement
from rules.models import Rule

_LOCK = 20181634
_LAW = "law.report_time"


class Command(BaseCommand):
    help = "Lägg in demonstrationsdata: påhittade personer, organisationer och ärenden i alla lägen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--assessments", type=int, metavar="N", help="antal utredningar (320; med --year 8000)")
        parser.add_argument(
            "--year", type=int, metavar="ÅÅÅÅ", help="ett nationellt år till, med ersättning och kontroll"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="samma frö ger samma data (1)")
        parser.add_argument("--today", type=date.fromisoformat, metavar="ÅÅÅÅ-MM-DD", help="dagen som räknas som i dag")
        parser.add_argument("--open", type=float, default=0.6, metavar="ANDEL", help="andel pågående (0.6)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demonstrationsdata läggs bara in när demonstrationen är begärd (FMU_DEMO=1).")
        started = time.monotonic()
        if options["year"] is not None:
            self._year(options)
            return
        count = options["assessments"] or 320
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Two starts at once: the second waits, then finds that the data is there.
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if User.objects.filter(is_demo=True).exists():
                self._already()
                return
            calendar = self._calendar(options["today"] or timezone.localdate())
            everybody = parties.build()
            Agreement.objects.bulk_create(asking.agreements(everybody.agreements, date(2023, 6, 15), calendar.today))
            self.stdout.write(f"{User.objects.filter(is_demo=True).count()} personer, {count} utredningar läggs in …")
            planned = planning.plans(calendar, count, options["seed"], options["open"])
            events = loading.load_cases(everybody, calendar, planned, options["seed"], self.stdout.write)
            if calendar.today == timezone.localdate():  # people act today: the door refuses days that have passed
                now = timezone.localtime()  # its date is Sweden's: late in the evening another than UTC's
                decisions.play(now)
                asking.play(now)
                visiting.play(now)
            for add in loading.AFTER:
                add(calendar)
            # What the clock would say of all this: the deviations of missed days, reminders of days that were moved.
            clock.watch(calendar.today)
        loading.analyze()
        seconds = time.monotonic() - started
        self.stdout.write(f"Demonstrationsdata finns: {count} utredningar med {events} händelser på {seconds:.1f} s.")

    def _year(self, options: dict[str, Any]) -> None:
        """A national year's cases, all of them ended, and what apps further up make of it. The people are made first."""
        year, started = options["year"], time.monotonic()
        if not User.objects.filter(is_demo=True).exists():
            call_command("demo", seed=options["seed"], stdout=self.stdout)
        count = options["assessments"] or 8000
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            calendar = self._calendar(options["today"] or timezone.localdate())
            if not date.fromisoformat(calendar.iso[calendar.first]).year < year < calendar.today.year:
                raise CommandError(f"Välj ett helt år som har varit, från 2024 till {calendar.today.year - 1}.")
            planned = planning.plans_of_year(calendar, count, options["seed"], year)
            self.stdout.write(f"{count} utredningar från {year} läggs in …")
            loading.load_cases(parties.existing(), calendar, planned, options["seed"] + year, self.stdout.write)
        loading.analyze()
        for add in loading.AFTER_YEAR:
            add(year, self.stdout.write)
        loading.analyze()
        self.stdout.write(f"Året {year} finns: {count} utredningar på {time.monotonic() - started:.0f} s.")

    def _calendar(self, today: date) -> Calendar:
        """The day's calendar; when the law's rule has ended (2028 as it stands), the last day that it applied."""
        try:
            return Calendar(today)
        except NoRule as error:
            ends = Rule.objects.filter(key=_LAW, valid_to__lt=today).aggregate(Max("valid_to"))["valid_to__max"]
            if ends is None:
                raise CommandError(error.text) from error
            self.stdout.write(
                f"Regeln om tiden för utlåtandet gäller till {ends}. Demonstrationen utgår från den dagen."
            )
            return Calendar(ends)

    def _already(self) -> None:
        """The data is there. Only the password follows what the start will print."""
        self.stdout.write("Demonstrationsdata finns redan.")
        password = parties.password()
        known = User.objects.get(username="admin", is_demo=True)
        if not check_password(password, known.password):
            User.objects.filter(is_demo=True).update(password=make_password(password))
            self.stdout.write("Lösenordet för demonstrationens inloggningar är bytt.")
