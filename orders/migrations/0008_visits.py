"""Visits: a part of a case with a process of its own."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fmu_portal.engine.schema import part_follows_events


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("fmu_portal", "0003_who_is_at_work"),
        ("orders", "0007_shared_overview"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.CharField(default="new", max_length=30)),
                ("version", models.IntegerField(default=0)),
                ("profession", models.CharField(blank=True, max_length=30)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("video", models.BooleanField(default=False)),
                ("place", models.CharField(blank=True, max_length=200)),
                (
                    "interpreter",
                    models.CharField(
                        choices=[
                            ("none", "Ingen tolk"),
                            ("needed", "Tolk behövs, inte bokad än"),
                            ("booked", "Tolk bokad"),
                            ("came", "Tolken kom"),
                            ("absent", "Tolken uteblev"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("interpreter_minutes", models.SmallIntegerField(null=True)),
                ("summoned_on", models.DateField(null=True)),
                (
                    "summoned_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("post", "Brev med posten"),
                            ("direct", "Kallelsen lämnas direkt, eller i er egen e-tjänst"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("insured", "Den försäkrade"),
                            ("performer", "Utföraren"),
                            ("agency", "Försäkringskassan"),
                            ("case", "Avslutades med utredningen"),
                            ("declined", "Utvidgningen godkändes inte"),
                        ],
                        max_length=10,
                    ),
                ),
                ("notice_at", models.DateTimeField(null=True)),
                (
                    "notice_to",
                    models.CharField(
                        blank=True,
                        choices=[("performer", "Utföraren"), ("agency", "Försäkringskassan"), ("region", "Regionen")],
                        max_length=10,
                    ),
                ),
                ("late_notice", models.BooleanField(null=True)),
                ("late_rule", models.CharField(blank=True, max_length=60)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                (
                    "assessment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="orders.assessment",
                    ),
                ),
                (
                    "assessor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "last_event",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fmu_portal.event",
                    ),
                ),
                (
                    "performer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["assessment", "id"], name="visit_of_case"),
                    models.Index(fields=["performer", "starts_at"], name="visit_of_performer"),
                    models.Index(
                        condition=models.Q(("status__in", ("provisional", "booked", "summoned"))),
                        fields=["starts_at"],
                        name="visit_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "new",
                                    "provisional",
                                    "booked",
                                    "summoned",
                                    "carried_out",
                                    "interrupted",
                                    "no_show",
                                    "cancelled",
                                ],
                            )
                        ),
                        name="visit_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "new"),
                            models.Q(
                                ("assessor__isnull", False),
                                ("ends_at__gt", models.F("starts_at")),
                                (
                                    "profession__in",
                                    ["physician", "psychologist", "physiotherapist", "occupational_therapist"],
                                ),
                                ("starts_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="visit_says_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "summoned"), _negated=True),
                            ("summoned_on__isnull", False),
                            _connector="OR",
                        ),
                        name="summoned_visit_has_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "no_show"), _negated=True),
                            ("outcome__in", ["not_come", "too_late", "no_part"]),
                            _connector="OR",
                        ),
                        name="no_show_has_legal_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("late_notice__isnull", True),
                            models.Q(
                                ("cancelled_by", "insured"),
                                ("notice_at__isnull", False),
                                models.Q(("late_rule", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="late_notice_has_rule",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("status__in", ("provisional", "booked", "summoned"))),
                        expressions=[
                            (
                                models.Func(
                                    models.F("assessor"), models.F("assessor"), models.Value("[]"), function="int8range"
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("starts_at"),
                                    models.F("ends_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_visit_at_a_time_per_assessor",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("status__in", ("provisional", "booked", "summoned"))),
                        expressions=[
                            (
                                models.Func(
                                    models.F("assessment"),
                                    models.F("assessment"),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("starts_at"),
                                    models.F("ends_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_visit_at_a_time_per_case",
                    ),
                ],
            },
        ),
        part_follows_events("orders_visit", "orders_apply_visit", "visit"),
    ]
