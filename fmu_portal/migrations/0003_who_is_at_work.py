"""Who is at work is a setting of the transaction, and an outbox row keeps it: a worker acts for whoever asked."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Func, Value
from django.db.models.functions import Cast, NullIf

ACT_AS = """
CREATE FUNCTION fmu_act_as(mandate bigint, organisation bigint, person bigint, role text) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT set_config('fmu.organisation', coalesce(organisation::text, ''), true)
        || set_config('fmu.user', coalesce(person::text, ''), true)
        || set_config('fmu.role', coalesce(role, ''), true)
        || set_config('fmu.mandate', coalesce(mandate::text, ''), true)
$$
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("fmu_portal", "0002_append_only")]
    operations: ClassVar = [
        migrations.RunSQL(ACT_AS, "DROP FUNCTION fmu_act_as(bigint, bigint, bigint, text)"),
        migrations.AddField(
            "outbox",
            "mandate_id",
            models.BigIntegerField(
                null=True,
                db_default=Cast(
                    NullIf(Func(Value("fmu.mandate"), Value(True), function="current_setting"), Value("")),
                    models.BigIntegerField(),
                ),
            ),
        ),
    ]
