"""A thread's status is what the latest event says, and a new thread starts open; what names a case points at one."""

from typing import ClassVar

from django.db import migrations

APPLY = """
CREATE FUNCTION correspondence_apply_event(event_id bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE correspondence_thread t
    SET status = e.to_status, version = t.version + 1, last_event_id = e.id
    FROM fmu_portal_event e
    WHERE e.id = event_id AND e.process = 'thread' AND t.id = e.subject_id AND t.status = e.from_status
      AND (t.last_event_id IS NULL OR t.last_event_id < e.id)
    RETURNING true
$$;
REVOKE EXECUTE ON FUNCTION correspondence_apply_event(bigint) FROM PUBLIC;
"""

STARTS = """
CREATE FUNCTION correspondence_starts_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a thread starts open' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER starts_open BEFORE INSERT ON correspondence_thread FOR EACH ROW
    WHEN (NEW.status <> 'open' AND current_user IN ('fmu_web', 'fmu_worker')) EXECUTE FUNCTION correspondence_starts_open();
"""

POINTS = [
    (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_case FOREIGN KEY (case_id)"
        " REFERENCES orders_assessment (id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_case",
    )
    for table in ("correspondence_message", "correspondence_attachment")
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("correspondence", "0001_initial"), ("orders", "0002_status_follows_events")]
    operations: ClassVar = [
        migrations.RunSQL(APPLY, "DROP FUNCTION correspondence_apply_event(bigint)"),
        migrations.RunSQL(
            STARTS, "DROP TRIGGER starts_open ON correspondence_thread; DROP FUNCTION correspondence_starts_open()"
        ),
        *(migrations.RunSQL(forward, back) for forward, back in POINTS),
    ]
