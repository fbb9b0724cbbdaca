"""A file with a personnummer in it is not sent as evidence: the page where it stands."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reimbursement", "0002_follow_events_and_books")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="evidence",
            name="number_page",
            field=models.IntegerField(null=True),
        ),
    ]
