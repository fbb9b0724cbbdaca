"""A language is kept as Swedish writes it, in lower case: the list finds it by its index, as one value."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_voided_reports")]

    operations = [
        migrations.RunSQL(
            "UPDATE orders_assessment SET language = lower(language) WHERE language <> lower(language)",
            migrations.RunSQL.noop,
        ),
    ]
