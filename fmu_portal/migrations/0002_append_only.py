"""Events, signals and openings are only added to: the database refuses the rest, whoever asks."""

from typing import ClassVar

from django.db import migrations

TABLES = ("fmu_portal_event", "fmu_portal_dutysignal")

FUNCTION = """
CREATE FUNCTION fmu_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def protect(table: str) -> str:
    """The two triggers of one table."""
    return f"""
    CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION fmu_refuse_change();
    CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fmu_refuse_change();
    """


def unprotect(table: str) -> str:
    """The way back."""
    return f"DROP TRIGGER only_added ON {table}; DROP TRIGGER never_truncated ON {table};"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fmu_portal", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION fmu_refuse_change()"),
        *(migrations.RunSQL(protect(table), unprotect(table)) for table in TABLES),
    ]
