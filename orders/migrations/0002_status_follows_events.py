"""A status is what the latest event says: the one function that moves it reads the event, and nobody else may.

Also: rows that name a case point at one, a new case starts as a draft, and openings of documents are only added.
"""

from typing import ClassVar

from django.db import migrations

APPLY = """
CREATE FUNCTION orders_apply_event(event_id bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE orders_assessment a
    SET status = e.to_status, version = a.version + 1, last_event_id = e.id
    FROM fmu_portal_event e
    WHERE e.id = event_id AND e.process = 'assessment' AND a.id = e.subject_id AND a.status = e.from_status
      AND (a.last_event_id IS NULL OR a.last_event_id < e.id)
    RETURNING true
$$;
REVOKE EXECUTE ON FUNCTION orders_apply_event(bigint) FROM PUBLIC;
"""

STARTS = """
CREATE FUNCTION orders_starts_as_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an assessment starts as a draft' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER starts_as_draft BEFORE INSERT ON orders_assessment FOR EACH ROW
    WHEN (NEW.status <> 'draft' AND current_user IN ('fmu_web', 'fmu_worker')) EXECUTE FUNCTION orders_starts_as_draft();
"""

POINTS = [
    (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_case FOREIGN KEY (case_id)"
        " REFERENCES orders_assessment (id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_case",
    )
    for table in ("fmu_portal_event", "fmu_portal_duty", "fmu_portal_note", "fmu_portal_notice", "documents_opening")
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("orders", "0001_initial"),
        ("fmu_portal", "0002_append_only"),
        ("documents", "0001_initial"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(APPLY, "DROP FUNCTION orders_apply_event(bigint)"),
        migrations.RunSQL(
            STARTS, "DROP TRIGGER starts_as_draft ON orders_assessment; DROP FUNCTION orders_starts_as_draft()"
        ),
        *(migrations.RunSQL(forward, back) for forward, back in POINTS),
        migrations.RunSQL(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON documents_opening FOR EACH ROW"
            " EXECUTE FUNCTION fmu_refuse_change();"
            "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON documents_opening FOR EACH STATEMENT"
            " EXECUTE FUNCTION fmu_refuse_change();",
            "DROP TRIGGER only_added ON documents_opening; DROP TRIGGER never_truncated ON documents_opening;",
        ),
    ]
