"""What has been erased, and by which decisions; a report version whose content is gone says so."""

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("orders", "0004_protected_identities"),
        ("documents", "0003_erased"),
        ("fmu_portal", "0002_append_only"),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("digest", models.CharField(max_length=64)),
                ("decisions", models.JSONField()),
                ("counts", models.JSONField()),
            ],
        ),
        migrations.AddField(model_name="reportversion", name="erased_at", field=models.DateTimeField(null=True)),
        migrations.RunSQL(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON orders_erasure FOR EACH ROW"
            " EXECUTE FUNCTION fmu_refuse_change();"
            "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON orders_erasure FOR EACH STATEMENT"
            " EXECUTE FUNCTION fmu_refuse_change();",
            "DROP TRIGGER only_added ON orders_erasure; DROP TRIGGER never_truncated ON orders_erasure;",
        ),
    ]
