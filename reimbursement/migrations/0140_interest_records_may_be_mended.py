"""Two records of interest may begin on one day: they are only added, so a slip is mended by one more."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reimbursement", "0002_follow_events_and_books")]
    operations: ClassVar = [
        migrations.AlterField(model_name="interestrule", name="valid_from", field=models.DateField()),
        migrations.AlterField(model_name="referencerate", name="valid_from", field=models.DateField()),
    ]
