"""An inquiry says which professions may be needed beside the physician."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0003_yearly_forecast"),
    ]

    operations = [
        migrations.AddField(
            model_name="inquiry",
            name="professions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("psychologist", "Psykolog"),
                        ("physiotherapist", "Fysioterapeut"),
                        ("occupational_therapist", "Arbetsterapeut"),
                    ],
                    max_length=30,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
