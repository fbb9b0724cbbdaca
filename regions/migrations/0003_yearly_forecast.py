"""The forecast is the agency's, for a region and a year, and only added to (3 and 14 §§); the region's own by week goes."""

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("regions", "0002_agreements_and_inquiries"),
    ]

    operations: ClassVar = [
        migrations.DeleteModel("Forecast"),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("requests", models.PositiveIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "mandate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.mandate",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["region", "year", "-id"], name="forecast_of_region")]},
        ),
        migrations.RunSQL(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON regions_forecast FOR EACH ROW"
            " EXECUTE FUNCTION fmu_refuse_change();"
            "CREATE TRIGGER never_truncated BEFORE TRUNCATE ON regions_forecast FOR EACH STATEMENT"
            " EXECUTE FUNCTION fmu_refuse_change();",
            "DROP TRIGGER only_added ON regions_forecast; DROP TRIGGER never_truncated ON regions_forecast;",
        ),
    ]
