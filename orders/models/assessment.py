"""The case: everything hangs on it."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models import F, Q

from accounts.actor import Actor
from accounts.models import Municipality, Organisation, User
from accounts.permissions import See
from accounts.roles import Party
from audit.models import Personal
from fmu_portal.models import Event
from fmu_portal.prepared import lock_row
from orders.process import ASSESSMENT, OPEN_STATUSES, PERFORMER_STATUSES
from orders.reach import query_for

MASKED = "Skyddad uppgift"
PROTECTED = "Skyddade personuppgifter"


_PARTIES = (("agency_office", "office"), ("region", "region"), ("performer", "performer"))


class AssessmentType(models.TextChoices):
    """Slag av utredning: today the only one that can be requested (5 § förordning 2018:1633)."""

    AFU = "afu", "Aktivitetsförmågeutredning (AFU)"


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    """Which cases: access first, then conditions."""

    _masked_for: Actor | None = None

    def _clone(self) -> AssessmentQuerySet:
        clone: AssessmentQuerySet = super()._clone()  # type: ignore[misc]
        clone._masked_for = self._masked_for
        return clone

    def _fetch_all(self) -> None:
        fetched = self._result_cache is not None
        super()._fetch_all()
        if self._masked_for is not None and not fetched:
            for case in self._result_cache or ():
                if isinstance(case, Assessment):
                    case.mask_for(self._masked_for)

    def masked_for(self, actor: Actor) -> AssessmentQuerySet:
        """Where the agency reads of a protected person, what would tell the place is not shown (`Assessment.mask`)."""
        rows = self._clone()
        rows._masked_for = actor if actor.party is Party.AGENCY else None
        return rows

    def visible_to(self, actor: Actor) -> AssessmentQuerySet:
        """The cases that a mandate may see at all; what it may see of them is `accounts.permissions`.

        An office sees its own; controller and attester all that have been requested; a region what was requested of
        it; a performer what it is assigned to now. Everybody else, the administrator too, sees none; nor does anybody
        see a case that they have blocked themself from (jäv).
        """
        return self._where(query_for(actor, See.CASE, lists=True), actor)

    def reachable_by(self, actor: Actor) -> AssessmentQuerySet:
        """As `visible_to`, and the cases of other offices that the mandate has opened with a reason: for one case."""
        return self._where(query_for(actor, See.CASE), actor)

    def _where(self, condition: Q | None, actor: Actor) -> AssessmentQuerySet:
        if condition is None or not actor.organisation_id:
            return self.none()
        return self.filter(condition).not_recused(actor).masked_for(actor)

    def not_recused(self, actor: Actor) -> AssessmentQuerySet:
        """Without those that the person has blocked themself from (jäv), under whichever mandate."""
        from orders.models.access import Recusal

        recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True)
        return self.exclude(pk__in=recused.values("assessment_id"))

    def open(self) -> AssessmentQuerySet:
        """Those that have not ended."""
        return self.filter(status__in=OPEN_STATUSES)

    def with_parties(self) -> AssessmentQuerySet:
        """With what a list or a page says of the parties, in the same query."""
        return self.select_related("agency_office", "region", "performer", "municipality")


class Assessment(Personal):
    """Utredning: one försäkringsmedicinsk utredning (FMU) of one insured person.

    ``status`` follows the latest event and is written by the door alone (the web's database role may not update it).
    ``version`` counts the events. ``underlag_complete_on`` is the day the last essential document was available to the
    performer: the law's time counts from it. ``protected``: the person has a protected identity, so neither place nor the
    parties that would tell it are shown at the agency (`AssessmentQuerySet.masked_for`). ``next_due`` and ``report_due``
    repeat the last day of the open duty that is nearest, and of the open report duty, so that the list by last day is a
    range of an index: the database writes them itself, in the statement that changes a duty (`orders_follow_duties`).
    ``follows``: the ended case of the same office that this one goes on from (the person has moved; ended by mistake).
    """

    PART, CASE = See.CASE, "id"
    FREE_TEXT = ("type", "language", "special_needs", "method")
    """Columns that no event carries: what a person wrote, and the type, which is always the same."""

    number = models.CharField(max_length=11, unique=True)
    type = models.CharField(max_length=10, choices=AssessmentType.choices, default=AssessmentType.AFU)
    status = models.CharField(max_length=30, default=ASSESSMENT.start)
    version = models.IntegerField(default=0)
    last_event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    agency_office = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    case_officer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    region = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    region_coordinator = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    performer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    responsible_physician = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+", db_index=False)
    protected = models.BooleanField(default=False, db_default=False)
    other_region_reason = models.CharField(max_length=30, blank=True)
    language = models.CharField(max_length=60, blank=True)
    interpreter = models.BooleanField(null=True)
    special_needs = models.CharField(max_length=300, blank=True)
    wished_start = models.DateField(null=True)
    method = models.CharField(max_length=200, blank=True)

    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by", db_index=False)
    created_on = models.DateField()
    requested_on = models.DateField(null=True)
    ordered_on = models.DateField(null=True)
    underlag_complete_on = models.DateField(null=True)
    delivered_on = models.DateField(null=True)
    delivered_late = models.BooleanField(null=True)
    ended_cause = models.CharField(max_length=30, blank=True)
    carried_out_on = models.DateField(null=True)
    report_version = models.SmallIntegerField(default=0)
    assignments_count = models.SmallIntegerField(default=0)
    next_due = models.DateField(null=True, editable=False)
    report_due = models.DateField(null=True, editable=False)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(ASSESSMENT.statuses)), name="assessment_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=PERFORMER_STATUSES[:6]) | Q(performer__isnull=False),
                name="assigned_has_performer",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("in_progress", "delivered", "supplement_requested", "accepted"))
                | Q(underlag_complete_on__isnull=False),
                name="clock_has_a_start",
            ),
            models.CheckConstraint(
                condition=Q(delivered_on__isnull=True) | Q(delivered_on__gte=F("ordered_on")),
                name="delivered_after_order",
            ),
        ]
        indexes = [
            models.Index(fields=["agency_office", "-id"], name="case_of_office"),
            models.Index(fields=["region", "-id"], name="case_of_region"),
            models.Index(fields=["performer", "-id"], name="case_of_performer"),
            models.Index(fields=["agency_office", "status", "-id"], name="case_of_office_by_status"),
            models.Index(fields=["region", "status", "-id"], name="case_of_region_by_status"),
            models.Index(fields=["performer", "status", "-id"], name="case_of_performer_by_status"),
            models.Index(
                fields=["agency_office", "-id"], condition=Q(status__in=OPEN_STATUSES), name="open_case_of_office"
            ),
            models.Index(fields=["region", "-id"], condition=Q(status__in=OPEN_STATUSES), name="open_case_of_region"),
            models.Index(
                fields=["performer", "-id"], condition=Q(status__in=OPEN_STATUSES), name="open_case_of_performer"
            ),
            models.Index(
                fields=["-id"], condition=Q(region__isnull=False, status__in=OPEN_STATUSES), name="open_case_requested"
            ),
            *(models.Index(fields=[party, "number"], name=f"case_of_{word}_by_number") for party, word in _PARTIES),
            models.Index(fields=["follows"], condition=Q(follows__isnull=False), name="case_that_follows"),
            models.Index(fields=["region", "performer", "-id"], name="case_of_region_performer"),
            models.Index(fields=["agency_office", "performer", "-id"], name="case_of_office_performer"),
            models.Index(fields=["agency_office", "region", "-id"], name="case_of_office_region"),
            *(
                models.Index(
                    fields=[party, "next_due", "id"], condition=Q(next_due__isnull=False), name=f"case_by_day_of_{word}"
                )
                for party, word in _PARTIES
            ),
            models.Index(
                fields=["next_due", "id"],
                condition=Q(next_due__isnull=False, region__isnull=False),
                name="case_by_day_requested",
            ),
            models.Index(
                fields=["report_due", "id"],
                condition=Q(report_due__isnull=False) & ~Q(report_due=F("next_due")),
                name="case_report_not_nearest",
            ),
            *(
                models.Index(
                    fields=[party, "language", "-id"], condition=Q(interpreter=True), name=f"case_language_of_{word}"
                )
                for party, word in _PARTIES
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only the door moves a status: an update must name its fields, and never these."""
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or {"status", "version", "last_event"} & set(fields)):
            raise TypeError("only the door changes an assessment's status")
        super().save(*args, **kwargs)

    @property
    def case_id(self) -> int:
        """The case of an assessment is itself; a sub-process has its assessment's."""
        return self.pk

    @property
    def status_label(self) -> str:
        """The status in Swedish."""
        return ASSESSMENT.statuses[self.status].label

    @property
    def case_status(self) -> str:
        """The case's status: its own."""
        return self.status

    @classmethod
    def locked(cls, pk: int) -> Assessment:
        """The row, locked until the transaction ends. Raises ``Assessment.DoesNotExist``."""
        return lock_row(cls, pk)

    masked = False

    def mask_for(self, actor: Actor) -> None:
        """At the agency a protected person's case does not show the place."""
        if self.protected and actor.party is Party.AGENCY:
            self.mask()

    def mask(self) -> None:
        """Show neither region nor performer nor who works there: their names would tell where the person stays."""
        self.masked = True
        cache = self._state.fields_cache
        for name in ("region", "performer"):
            if getattr(self, f"{name}_id") is not None:
                cache[name] = Organisation(name=MASKED)
        cache["region_coordinator"] = cache["responsible_physician"] = None

    def shown_organisation(self, organisation: Organisation) -> Organisation:
        """One of the case's organisations as the reader may know it."""
        hidden = self.masked and organisation.pk != self.agency_office_id
        return Organisation(name=MASKED) if hidden else organisation

    def organisation_of(self, party: Party) -> int | None:
        """The id of the organisation that is this party of the case, if any yet."""
        return {
            Party.AGENCY: self.agency_office_id,
            Party.REGION: self.region_id,
            Party.PERFORMER: self.performer_id,
        }.get(party)

    def holder_of(self, party: Party) -> int | None:
        """The id of the user who has the case in hand at the party, if any."""
        return {
            Party.AGENCY: self.case_officer_id,
            Party.REGION: self.region_coordinator_id,
            Party.PERFORMER: self.responsible_physician_id,
        }.get(party)

    def closed_word(self, actor: Actor) -> str:
        """Nothing but the status says why a step of the case is not there."""
        return ""

    def apply_event(self, event: Event) -> None:
        """Make this instance say what the database says after the event."""
        self.status, self.version, self.last_event_id = event.to_status, self.version + 1, event.pk


class CaseCounter(models.Model):
    """Löpnummer per år: case numbers come from here, one at a time."""

    year = models.SmallIntegerField(primary_key=True)
    last = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @staticmethod
    def next_number(year: int) -> str:
        """The next case number of a year, ``2026-004127``; the row is locked until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO orders_casecounter (year, last) VALUES (%s, 1)"
                " ON CONFLICT (year) DO UPDATE SET last = orders_casecounter.last + 1 RETURNING last",
                [year],
            )
            return f"{year}-{cursor.fetchone()[0]:06d}"
