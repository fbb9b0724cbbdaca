"""What the row policies need: exceptions to who may see a case, and two functions that pass the wall on purpose.

The policies themselves are made by `manage.py setup` from the table of permissions (`orders.reach.walls`).
"""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORGET = """
CREATE FUNCTION orders_forget_drafts(of_case bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM orders_stepdraft WHERE assessment_id = of_case
$$;
REVOKE EXECUTE ON FUNCTION orders_forget_drafts(bigint) FROM PUBLIC;
"""

# Who asks by personnummer gets numbers alone: a region its own cases', an office everybody's that has been requested
# (another office's is opened with a reason), a unit those it is assigned to now.
CASES_OF_PERSON = """
CREATE FUNCTION orders_cases_of_person(digest text) RETURNS TABLE (id bigint, number varchar, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH at_work AS (
        SELECT nullif(current_setting('fmu.role', true), '') AS role,
               nullif(current_setting('fmu.organisation', true), '')::bigint AS organisation
    )
    SELECT a.id, a.number,
           CASE WHEN w.role IN ('case_officer', 'coordinator', 'medical_adviser')
                THEN a.agency_office_id = w.organisation ELSE true END
    FROM orders_insuredperson p JOIN orders_assessment a ON a.id = p.assessment_id, at_work w
    WHERE p.identity_hash = digest AND (
        (w.role IN ('case_officer', 'coordinator', 'medical_adviser')
            AND (a.agency_office_id = w.organisation OR a.region_id IS NOT NULL))
        OR (w.role = 'region_coordinator' AND a.region_id = w.organisation)
        OR (w.role IN ('performer_admin', 'physician', 'psychologist', 'physiotherapist', 'occupational_therapist')
            AND a.performer_id = w.organisation))
    ORDER BY a.id DESC LIMIT 50
$$;
REVOKE EXECUTE ON FUNCTION orders_cases_of_person(text) FROM PUBLIC;
"""


# Whether a number is another office's requested case: asked before the reason is, so nothing but its id is answered.
ELSEWHERE = """
CREATE FUNCTION orders_elsewhere(of_number text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id FROM orders_assessment a
    WHERE a.number = of_number AND a.region_id IS NOT NULL
      AND a.agency_office_id <> nullif(current_setting('fmu.organisation', true), '')::bigint
      AND nullif(current_setting('fmu.role', true), '') IN ('case_officer', 'coordinator', 'medical_adviser')
      AND NOT EXISTS (SELECT 1 FROM orders_recusal r WHERE r.assessment_id = a.id AND r.lifted_at IS NULL
                      AND r.user_id = nullif(current_setting('fmu.user', true), '')::bigint)
$$;
REVOKE EXECUTE ON FUNCTION orders_elsewhere(text) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("orders", "0002_status_follows_events"),
        ("fmu_portal", "0003_who_is_at_work"),
        ("accounts", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Unlocking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("until", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unlockings",
                        to="orders.assessment",
                    ),
                ),
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
            options={"indexes": [models.Index(fields=["mandate", "until"], name="unlocked_for_mandate")]},
        ),
        migrations.CreateModel(
            name="Recusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recusals", to="orders.assessment"
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.mandate",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("user", "assessment"),
                        name="recused_once",
                    )
                ]
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON orders_unlocking FOR EACH ROW"
            " EXECUTE FUNCTION fmu_refuse_change();"
            "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON orders_unlocking FOR EACH STATEMENT"
            " EXECUTE FUNCTION fmu_refuse_change();",
            "DROP TRIGGER only_added ON orders_unlocking; DROP TRIGGER never_truncated ON orders_unlocking;",
        ),
        migrations.RunSQL(FORGET, "DROP FUNCTION orders_forget_drafts(bigint)"),
        migrations.RunSQL(ELSEWHERE, "DROP FUNCTION orders_elsewhere(text)"),
        migrations.RunSQL(CASES_OF_PERSON, "DROP FUNCTION orders_cases_of_person(text)"),
    ]
