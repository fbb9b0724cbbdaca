"""What an organisation or a person has chosen: how it is told by e-mail, and ready-made texts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Organisation, User


class NoticeChoice(models.Model):
    """Val av avisering: how an organisation's shared inbox (``user`` None) or a person there is told by e-mail.

    Without a row: at once. The portal's own list of notices is always there.
    """

    class How(models.TextChoices):
        """Hur."""

        AT_ONCE = "at_once", "Genast"
        DAILY = "daily", "En gång om dagen"
        NONE = "none", "Inte alls"

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    how = models.CharField(max_length=8, choices=How.choices, default=How.AT_ONCE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], nulls_distinct=False, name="one_choice_each"),
            models.CheckConstraint(condition=Q(how__in=["at_once", "daily", "none"]), name="notice_choice_known"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(how="daily"), name="daily_digests")]

    def __str__(self) -> str:
        return self.how


class Template(models.Model):
    """Textmall: a ready-made text for messages, of an organisation."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="template_name_once")]

    def __str__(self) -> str:
        return self.name
