"""What the agency lists by status, as ranges of an index; who said which office examines, which is only added to."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

AT_AGENCY = ("asked", "decided", "attested", "in_payment", "paid", "refused")

PROTECT = """
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON reimbursement_deskchange
    FOR EACH ROW EXECUTE FUNCTION fmu_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON reimbursement_deskchange
    FOR EACH STATEMENT EXECUTE FUNCTION fmu_refuse_change();
"""
UNPROTECT = (
    "DROP TRIGGER only_added ON reimbursement_deskchange; DROP TRIGGER never_truncated ON reimbursement_deskchange;"
)


def _key(to: str, **options: bool) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to, **options
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("reimbursement", "0110_evidence_without_numbers"),
    ]
    operations: ClassVar = [
        migrations.RemoveIndex(model_name="claim", name="claim_under_way"),
        *(
            migrations.AddIndex(
                model_name="claim",
                index=models.Index(
                    condition=models.Q(status__in=AT_AGENCY),
                    fields=[*first, "central", "status", "-id"],
                    name=f"claim_at_agency{name}",
                ),
            )
            for first, name in (([], ""), (["region"], "_of_region"), (["office"], "_of_office"))
        ),
        migrations.CreateModel(
            name="DeskChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("mandate", _key("accounts.mandate")),
                ("office", _key("accounts.organisation")),
                ("region", _key("accounts.organisation", null=True)),
            ],
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
