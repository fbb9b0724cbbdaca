"""SQL that migrations share. What a function here gives is part of migrations that have run: add a new one, never change."""

from __future__ import annotations

from django.db.migrations import RunSQL

_FOLLOWS = """
CREATE FUNCTION {function}(event_id bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE {table} p
    SET status = e.to_status, version = p.version + 1, last_event_id = e.id
    FROM fmu_portal_event e
    WHERE e.id = event_id AND e.process = '{process}' AND p.id = e.subject_id AND p.status = e.from_status
      AND (p.last_event_id IS NULL OR p.last_event_id < e.id)
    RETURNING true
$$;
REVOKE EXECUTE ON FUNCTION {function}(bigint) FROM PUBLIC;
CREATE FUNCTION {table}_starts_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a part starts as new' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER starts_new BEFORE INSERT ON {table} FOR EACH ROW
    WHEN (NEW.status <> 'new' AND current_user IN ('fmu_web', 'fmu_worker')) EXECUTE FUNCTION {table}_starts_new();
"""
_GONE = """
DROP TRIGGER starts_new ON {table};
DROP FUNCTION {table}_starts_new();
DROP FUNCTION {function}(bigint);
"""


def part_follows_events(table: str, function: str, process: str) -> RunSQL:
    """A part's status is what its latest event says: the function that moves it, and the start that it must have."""
    names = {"table": table, "function": function, "process": process}
    return RunSQL(_FOLLOWS.format(**names), _GONE.format(**names))
