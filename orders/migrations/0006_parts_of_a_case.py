"""Expansion, deferral and deviation: parts of a case with processes of their own; a region's choices."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from fmu_portal.engine.schema import part_follows_events


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("fmu_portal", "0003_who_is_at_work"),
        ("orders", "0005_erasure"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RegionChoice",
            fields=[
                (
                    "region",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="choice",
                        serialize=False,
                        to="accounts.organisation",
                    ),
                ),
                ("standing_leave", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Deferral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.CharField(default="new", max_length=30)),
                ("version", models.IntegerField(default=0)),
                ("wished", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                ("decided_on", models.DateField(null=True)),
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
                "indexes": [models.Index(fields=["assessment", "id"], name="deferral_of_case")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["new", "told", "applied", "granted", "declined", "recalled", "closed"])
                        ),
                        name="deferral_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "granted"), _negated=True),
                            models.Q(("until__isnull", False), ("decided_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="granted_deferral_has_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deviation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.CharField(default="new", max_length=30)),
                ("version", models.IntegerField(default=0)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("late_report", "Utlåtandet kom inte in i tid"),
                            ("late_supplement", "Kompletteringen kom inte i tid"),
                            ("cannot_be_met", "Begäran kan inte tillgodoses"),
                            ("withdrawn", "Utredningen återkallades"),
                            ("no_show", "Uteblivet besök"),
                            ("wrong_document", "Fel handling"),
                            ("other", "Annat"),
                        ],
                        max_length=30,
                    ),
                ),
                ("found_on", models.DateField(null=True)),
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
                    models.Index(fields=["assessment", "id"], name="deviation_of_case"),
                    models.Index(condition=models.Q(("status", "open")), fields=["-id"], name="deviation_open"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["new", "open", "closed"])), name="deviation_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "new"),
                            models.Q(
                                (
                                    "kind__in",
                                    [
                                        "late_report",
                                        "late_supplement",
                                        "cannot_be_met",
                                        "withdrawn",
                                        "no_show",
                                        "wrong_document",
                                        "other",
                                    ],
                                ),
                                ("found_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="deviation_says_what_and_when",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Expansion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("status", models.CharField(default="new", max_length=30)),
                ("version", models.IntegerField(default=0)),
                (
                    "professions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("psychologist", "Psykolog"),
                                ("physiotherapist", "Fysioterapeut"),
                                ("occupational_therapist", "Arbetsterapeut"),
                            ],
                            max_length=30,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("days", models.SmallIntegerField(null=True)),
                ("decided_on", models.DateField(null=True)),
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
                "indexes": [models.Index(fields=["assessment", "id"], name="expansion_of_case")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["new", "applied", "approved", "declined", "recalled", "closed"])
                        ),
                        name="expansion_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__isnull", True), ("days__range", (0, 20)), _connector="OR"),
                        name="expansion_days_within_law",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "approved"), _negated=True),
                            models.Q(("days__isnull", False), ("decided_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="approved_expansion_has_days",
                    ),
                ],
            },
        ),
        *(
            part_follows_events(f"orders_{process}", f"orders_apply_{process}", process)
            for process in ("expansion", "deferral", "deviation")
        ),
    ]
