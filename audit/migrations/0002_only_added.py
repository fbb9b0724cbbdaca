"""The log, its seals and what came of following it up are only added to; the sealer's lock needs the owner's rights."""

from typing import ClassVar

from django.db import migrations

TABLES = ("audit_accessentry", "audit_seal", "audit_followup")

PROTECT = """
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION fmu_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fmu_refuse_change();
"""
UNPROTECT = "DROP TRIGGER only_added ON {table}; DROP TRIGGER never_truncated ON {table};"

HIGHEST = """
CREATE FUNCTION audit_highest(log text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF log = 'access' THEN
        LOCK TABLE audit_accessentry IN SHARE MODE;
        RETURN (SELECT coalesce(max(id), 0) FROM audit_accessentry);
    END IF;
    LOCK TABLE fmu_portal_event IN SHARE MODE;
    RETURN (SELECT coalesce(max(id), 0) FROM fmu_portal_event);
END $$;
REVOKE EXECUTE ON FUNCTION audit_highest(text) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0001_access_log"), ("fmu_portal", "0003_who_is_at_work")]
    operations: ClassVar = [
        *(migrations.RunSQL(PROTECT.format(table=t), UNPROTECT.format(table=t)) for t in TABLES),
        migrations.RunSQL(HIGHEST, "DROP FUNCTION audit_highest(text)"),
    ]
