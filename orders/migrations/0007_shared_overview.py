"""The shared overview: the nearest last day on the case for the list by last day, saved views, exports.

The two days follow the duties by triggers of the table, whoever changes it: no code has to remember them.
"""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FOLLOW = """
CREATE FUNCTION orders_follow_duties() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE orders_assessment a SET next_due = d.nearest, report_due = d.report
    FROM (
        SELECT c.case_id, min(x.due) AS nearest, min(x.due) FILTER (WHERE x.kind = 'deliver_report') AS report
        FROM (SELECT DISTINCT case_id FROM changed WHERE case_id IS NOT NULL) c
        LEFT JOIN fmu_portal_duty x ON x.case_id = c.case_id AND x.closed_by_id IS NULL
        GROUP BY c.case_id
    ) d
    WHERE a.id = d.case_id AND (a.next_due, a.report_due) IS DISTINCT FROM (d.nearest, d.report);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION orders_follow_duties() FROM PUBLIC;
CREATE TRIGGER case_follows_new AFTER INSERT ON fmu_portal_duty REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION orders_follow_duties();
CREATE TRIGGER case_follows_changed AFTER UPDATE ON fmu_portal_duty REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION orders_follow_duties();
"""
BACK = """
DROP TRIGGER case_follows_new ON fmu_portal_duty;
DROP TRIGGER case_follows_changed ON fmu_portal_duty;
DROP FUNCTION orders_follow_duties();
"""
OWED = """
UPDATE orders_assessment a SET next_due = d.nearest, report_due = d.report
FROM (
    SELECT case_id, min(due) AS nearest, min(due) FILTER (WHERE kind = 'deliver_report') AS report
    FROM fmu_portal_duty WHERE closed_by_id IS NULL AND case_id IS NOT NULL GROUP BY case_id
) d
WHERE a.id = d.case_id;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("fmu_portal", "0003_who_is_at_work"),
        ("orders", "0006_parts_of_a_case"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)")], max_length=4)),
                ("filters", models.JSONField(default=dict)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Väntar"),
                            ("running", "Skapas"),
                            ("done", "Klar"),
                            ("failed", "Misslyckades"),
                            ("expired", "Borttagen"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("failure", models.CharField(blank=True, default="", max_length=20)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("done", models.IntegerField(default=0)),
                ("total", models.IntegerField(null=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("begun_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("downloaded_at", models.DateTimeField(null=True)),
                ("storage_key", models.CharField(blank=True, default="", max_length=80)),
                ("wrapped_key", models.BinaryField(null=True)),
                ("key_id", models.CharField(blank=True, default="", max_length=16)),
                ("size", models.BigIntegerField(null=True)),
                (
                    "mandate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.mandate",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["mandate", "-id"], name="export_of_mandate"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "running", "done", "failed", "expired"])),
                        name="export_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "xlsx"])), name="export_format_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("expires_at__isnull", False), ("wrapped_key__isnull", False)),
                            _connector="OR",
                        ),
                        name="export_done_has_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("failure", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="export_failed_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("filters", models.JSONField(default=dict)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="assessment",
            name="next_due",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="assessment",
            name="report_due",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.RunSQL(FOLLOW, BACK),
        migrations.RunSQL(OWED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(fields=["agency_office", "performer", "-id"], name="case_of_office_performer"),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(fields=["agency_office", "region", "-id"], name="case_of_office_region"),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)),
                fields=["agency_office", "next_due", "id"],
                name="case_by_day_of_office",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)),
                fields=["region", "next_due", "id"],
                name="case_by_day_of_region",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)),
                fields=["performer", "next_due", "id"],
                name="case_by_day_of_performer",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False), ("region__isnull", False)),
                fields=["next_due", "id"],
                name="case_by_day_requested",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(
                    ("report_due__isnull", False), models.Q(("report_due", models.F("next_due")), _negated=True)
                ),
                fields=["report_due", "id"],
                name="case_report_not_nearest",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("interpreter", True)),
                fields=["agency_office", "language", "-id"],
                name="case_language_of_office",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("interpreter", True)),
                fields=["region", "language", "-id"],
                name="case_language_of_region",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(
                condition=models.Q(("interpreter", True)),
                fields=["performer", "language", "-id"],
                name="case_language_of_performer",
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("user", "organisation", "name"), name="saved_view_name_once"),
        ),
    ]
