"""A document that has been erased by its owner's decision keeps its row, and nothing that was in the file."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_logins_and_signing_keys"),
        ("documents", "0002_hostile_until_checked"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", False), models.Q(("storage_key", ""), _negated=True)),
                fields=["id"],
                name="documents_to_remove",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at__isnull", True),
                    models.Q(("name", ""), ("sha256", ""), ("wrapped_key__isnull", True)),
                    _connector="OR",
                ),
                name="document_erased_is_empty",
            ),
        ),
    ]
