"""Protected identities: the marking, the stated reasons for which a person is shown, and what passes the wall for it."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# The owner's own loads have nobody at work.
AT_OFFICE = """
    (nullif(current_setting('fmu.role', true), '') IS NULL AND session_user NOT IN ('fmu_web', 'fmu_worker'))
    OR EXISTS (SELECT 1 FROM orders_assessment a WHERE a.id = of_case
            AND a.agency_office_id = nullif(current_setting('fmu.organisation', true), '')::bigint)
    AND nullif(current_setting('fmu.role', true), '') IN ('case_officer', 'coordinator')
"""

PROTECT = f"""
CREATE FUNCTION orders_protect(of_case bigint, kind text, place text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE stays text;
BEGIN
    IF NOT ({AT_OFFICE}) THEN
        RAISE EXCEPTION 'only the office of the case' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE orders_insuredperson p
    SET protection = coalesce(kind, p.protection),
        municipality_id = coalesce(place, p.municipality_id,
                                   (SELECT a.municipality_id FROM orders_assessment a WHERE a.id = of_case))
    WHERE p.assessment_id = of_case RETURNING p.municipality_id INTO stays;
    RETURN stays;
END $$;
REVOKE EXECUTE ON FUNCTION orders_protect(bigint, text, text) FROM PUBLIC;
"""

READDRESS = f"""
CREATE FUNCTION orders_readdress(of_case bigint, new_address text, new_phone text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT ({AT_OFFICE}) THEN
        RAISE EXCEPTION 'only the office of the case' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE orders_insuredperson p
    SET address = coalesce(nullif(new_address, ''), p.address), phone = coalesce(nullif(new_phone, ''), p.phone)
    WHERE p.assessment_id = of_case;
END $$;
REVOKE EXECUTE ON FUNCTION orders_readdress(bigint, text, text) FROM PUBLIC;
"""

IS_PERSON = """
CREATE FUNCTION orders_is_person(of_case bigint, digest text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM orders_insuredperson p WHERE p.assessment_id = of_case AND p.identity_hash = digest)
$$;
REVOKE EXECUTE ON FUNCTION orders_is_person(bigint, text) FROM PUBLIC;
"""

# As before, without those whose identity is protected: they are in no search.
CASES_OF_PERSON = """
CREATE OR REPLACE FUNCTION orders_cases_of_person(digest text) RETURNS TABLE (id bigint, number varchar, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH at_work AS (
        SELECT nullif(current_setting('fmu.role', true), '') AS role,
               nullif(current_setting('fmu.organisation', true), '')::bigint AS organisation
    )
    SELECT a.id, a.number,
           CASE WHEN w.role IN ('case_officer', 'coordinator', 'medical_adviser')
                THEN a.agency_office_id = w.organisation ELSE true END
    FROM orders_insuredperson p JOIN orders_assessment a ON a.id = p.assessment_id, at_work w
    WHERE p.identity_hash = digest AND p.protection = '' AND (
        (w.role IN ('case_officer', 'coordinator', 'medical_adviser')
            AND (a.agency_office_id = w.organisation OR a.region_id IS NOT NULL))
        OR (w.role = 'region_coordinator' AND a.region_id = w.organisation)
        OR (w.role IN ('performer_admin', 'physician', 'psychologist', 'physiotherapist', 'occupational_therapist')
            AND a.performer_id = w.organisation))
    ORDER BY a.id DESC LIMIT 50
$$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0003_walls"), ("accounts", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField("assessment", "protected", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "insuredperson",
            "protection",
            models.CharField(
                blank=True,
                choices=[
                    ("", "Inget skydd"),
                    ("marked", "Sekretessmarkering"),
                    ("registered", "Skyddad folkbokföring"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "insuredperson",
            "municipality",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.municipality",
            ),
        ),
        migrations.CreateModel(
            name="Reveal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reveals", to="orders.assessment"
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
        ),
        migrations.RunSQL(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON orders_reveal FOR EACH ROW"
            " EXECUTE FUNCTION fmu_refuse_change();"
            "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON orders_reveal FOR EACH STATEMENT"
            " EXECUTE FUNCTION fmu_refuse_change();",
            "DROP TRIGGER only_added ON orders_reveal; DROP TRIGGER never_truncated ON orders_reveal;",
        ),
        migrations.RunSQL(PROTECT, "DROP FUNCTION orders_protect(bigint, text, text)"),
        migrations.RunSQL(READDRESS, "DROP FUNCTION orders_readdress(bigint, text, text)"),
        migrations.RunSQL(IS_PERSON, "DROP FUNCTION orders_is_person(bigint, text)"),
        migrations.RunSQL(CASES_OF_PERSON, migrations.RunSQL.noop),
    ]
