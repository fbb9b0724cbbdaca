"""Gathers what the answers say: few queries, and only what the actor may see."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.models import Duty, Event, Note
from orders.access import ORDERED, may_open, person_of, readable_notes, report_versions, takes_part
from orders.api import serializers as out
from orders.deadlines import provisional, report_duty
from orders.models import Assessment, Enclosure, Order
from orders.process import ASSESSMENT
from orders.sentences import names_of, sentence
from rules.limits import duty_basis
from rules.limits import sentence as explanation
from rules.models import Rule


class Whole:
    """A case with the parts that have been fetched beside it."""

    def __init__(self, case: Assessment, **parts: Any) -> None:
        self.__dict__.update(parts)
        self._case = case

    def __getattr__(self, name: str) -> Any:
        return getattr(self._case, name)


def case_answer(actor: Actor, case: Assessment) -> Any:
    """The case as a `CaseAnswer`, without the keys that the actor may not see."""
    hidden: set[str] = set()
    order = None
    if actor.sees(See.UNDERLAG):
        if actor.party is Party.PERFORMER and not (case.ordered_on and takes_part(actor, case)):
            hidden.add("order")
        elif case.status in ORDERED:
            order = Order.objects.filter(assessment=case).order_by("-pk").first()
    due, is_provisional = _report_due(case)
    whole = Whole(
        case,
        person=person_of(actor, case) if case.status not in ("draft", "discarded") else None,
        order=order,
        report_versions=report_versions(actor, case) if case.report_version else [],
        report_due=due,
        report_due_provisional=is_provisional,
    )
    return out.CaseAnswer(whole, context={"actor": actor, "hidden": hidden}).data


def _report_due(case: Assessment) -> tuple[Any, bool]:
    """(the report's last day or None, whether it is provisional)."""
    if case.underlag_complete_on is None:
        return None, False
    if case.status == "ordered":
        try:
            return provisional(case).due, True
        except NoRule:
            return None, True
    rows = Duty.objects.filter(case_id=case.pk, process=ASSESSMENT.name, kind="deliver_report").order_by("id")
    duty = report_duty(case, list(rows))
    return (duty.due if duty else None), False


def event_answers(actor: Actor, case: Assessment, events: list[Event], noted: bool = True) -> list[dict[str, Any]]:
    """Events as `EventAnswer`s, with the notes that the actor's party may read (``noted``: there may be some)."""
    names = names_of(events, case, actor)
    notes = _notes(actor, case, events) if noted else {} if actor.sees(See.NEEDS) else None
    rows = []
    for event in events:
        row = {
            "id": event.pk,
            "at": event.at,
            "process": event.process,
            "step": event.step,
            "party": event.party,
            "sentence": sentence(event, names),
            "from_status": event.from_status,
            "to_status": event.to_status,
        }
        if notes is not None:
            row["notes"] = notes.get(event.pk, [])
        rows.append(row)
    return rows


def _notes(actor: Actor, case: Assessment, events: list[Event]) -> dict[int, list[Note]] | None:
    """Notes by event, or None for a role that reads none."""
    if not actor.sees(See.NEEDS):
        return None
    rows = readable_notes(actor, case).filter(event__in=events)
    found: dict[int, list[Note]] = {}
    for note in rows.order_by("id"):
        if note.text:
            found.setdefault(note.event_id, []).append(note)
    return found


def duty_answers(case: Assessment) -> list[dict[str, Any]]:
    """The case's duties as `DutyAnswer`s: the open ones first, by last day."""
    rows = Duty.objects.filter(case_id=case.pk)
    duties = list(rows.select_related("organisation", "opened_by", "closed_by").order_by("due", "id"))
    rules = Rule.objects.in_bulk({duty.rule for duty in duties})
    today = timezone.localdate()
    answers = []
    for duty in sorted(duties, key=lambda duty: duty.closed_by_id is not None):
        kind, still = DUTY_KINDS[duty.kind], duty.closed_by_id is None
        by_rule = "law" if duty.rule.startswith("law.") else "routine"
        answers.append(
            {
                "id": duty.pk,
                "process": duty.process,
                "kind": duty.kind,
                "task": kind.task,
                "party": duty.party,
                "organisation": case.shown_organisation(duty.organisation),
                "step": kind.step,
                "due": duty.due,
                "open": still,
                "overdue": still and duty.due < today,
                "source": "decided" if "decided" in duty.inputs else by_rule,
                "basis": duty_basis(rules, duty.rule),
                "explanation": explanation(duty, rules.get(duty.rule)),
                "opened_at": duty.opened_by.at,
                "closed_at": duty.closed_by.at if duty.closed_by else None,
                "superseded_by": duty.superseded_by_id,
            }
        )
    return answers


def document_answer(actor: Actor, case: Assessment, enclosure: Enclosure, part: bool) -> dict[str, Any]:
    """A document as a `DocumentAnswer`; ``part``: whether the performer's person takes part in the assessment."""
    document, voided = enclosure.document, enclosure.voided_by_id is not None
    own = enclosure.staged_by_id == actor.organisation_id
    return {
        "id": document.pk,
        "kind": enclosure.kind,
        "kind_label": enclosure.get_kind_display(),
        "name": None if voided or document.is_erased else document.name,
        "dated": enclosure.dated,
        "pages": document.pages,
        "size": document.size,
        "sha256": document.sha256,
        "copy_sha256": (document.clean_sha256 or document.sha256) if document.is_clean else None,
        "state": document.state,
        "refusal": document.reason or None,
        "sent_at": enclosure.sent_by.at if enclosure.sent_by else None,
        "voided": voided,
        "may_open": document.is_clean and may_open(actor, case, enclosure, part),
        "warning_page": enclosure.warning_page if own else None,
        "attested": enclosure.attested,
    }
