"""What the performer asked is shown of an inquiry: what it needs for its answer, and nothing that says who or which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from fmu_portal.models import Duty
from orders.words import Left, days_left
from regions.models import Inquiry
from regions.process import INQUIRY


class Needs(NamedTuple):
    """``municipality`` is None of a person with protected identity."""

    municipality: str | None
    language: str
    interpreter: bool | None
    special_needs: str
    wished_start: date | None
    protected: bool
    region: str


@dataclass
class Asked:
    """An inquiry as its page and its row in the list show it; ``needs`` None once it has ended."""

    inquiry: Inquiry
    needs: Needs | None
    due: date | None
    today: date

    @property
    def label(self) -> str:
        """The status in Swedish."""
        return INQUIRY.statuses[self.inquiry.status].label

    @property
    def tone(self) -> str:
        """The badge's colour."""
        return INQUIRY.statuses[self.inquiry.status].tone

    @property
    def left(self) -> Left | None:
        """Days left to answer."""
        return days_left(self.due, self.today) if self.due else None

    @property
    def municipality(self) -> str:
        """The municipality, or why it is not shown."""
        if self.needs is None:
            return "–"
        if self.needs.protected:
            return "Visas inte: skyddade personuppgifter"
        return self.needs.municipality or "Inte angiven"

    @property
    def professions(self) -> list[str] | None:
        """The professions beside the physician that may be needed; None once the inquiry has ended."""
        return None if self.needs is None else self.inquiry.professions

    @property
    def language(self) -> str:
        """Language and interpreter."""
        if self.needs is None:
            return "–"
        if not self.needs.interpreter:
            return "Ingen tolk behövs"
        return f"Tolk i {self.needs.language}" if self.needs.language else "Tolk behövs"


def asked(inquiries: Iterable[Inquiry], today: date) -> list[Asked]:
    """Their needs and last days: two queries. The database gives the needs to whoever is asked and at work."""
    rows = [*inquiries]
    keys = [row.pk for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM regions_asked(%s)", [keys])
        needs: dict[int, Any] = {row[0]: Needs(*row[1:]) for row in cursor.fetchall()}
    duties = Duty.objects.open().filter(process=INQUIRY.name, subject_id__in=keys)
    due = {duty.subject_id: duty.due for duty in duties}
    return [Asked(row, needs.get(row.pk), due.get(row.pk), today) for row in rows]
