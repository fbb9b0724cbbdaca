"""Statuses follow events; the books are only added to; the year's sums are kept by the database itself."""

from typing import ClassVar

from django.db import migrations

from fmu_portal.engine.schema import part_follows_events

SUBJECTS = ("claim", "batch", "recovery", "review")

ONLY_ADDED = ("entry", "controlperiod", "interestrule", "referencerate", "payaccount")

PROTECT = """
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION fmu_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fmu_refuse_change();
"""
UNPROTECT = "DROP TRIGGER only_added ON {table}; DROP TRIGGER never_truncated ON {table};"

YEARS = """
CREATE FUNCTION reimbursement_sum_years() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO reimbursement_yearsum AS y (region_id, year, account, kind, amount, count)
    SELECT n.region_id, extract(year FROM n.day), n.account, n.kind, sum(n.amount), count(*) FROM added n
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (region_id, year, account, kind)
    DO UPDATE SET amount = y.amount + EXCLUDED.amount, count = y.count + EXCLUDED.count;
    RETURN NULL;
END $$;
CREATE TRIGGER sum_years AFTER INSERT ON reimbursement_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION reimbursement_sum_years();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reimbursement", "0001_claims_and_books"), ("fmu_portal", "0002_append_only")]
    operations: ClassVar = [
        *(part_follows_events(f"reimbursement_{name}", f"reimbursement_apply_{name}", name) for name in SUBJECTS),
        *(
            migrations.RunSQL(
                PROTECT.format(table=f"reimbursement_{name}"), UNPROTECT.format(table=f"reimbursement_{name}")
            )
            for name in ONLY_ADDED
        ),
        migrations.RunSQL(
            YEARS, "DROP TRIGGER sum_years ON reimbursement_entry; DROP FUNCTION reimbursement_sum_years();"
        ),
    ]
