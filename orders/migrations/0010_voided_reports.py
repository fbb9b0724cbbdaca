"""A report written in the portal can be voided too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fmu_portal", "0003_who_is_at_work"),
        ("orders", "0009_follows"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportversion",
            name="voided_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="fmu_portal.event",
            ),
        ),
    ]
