"""The case page: what is the state, what can I do, by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.permissions import FOLLOW_UP, See, Where, wheres
from accounts.roles import Party
from accounts.written import Written
from documents.models import Opening
from documents.refusals import Erased
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.engine.table import Step
from fmu_portal.models import Duty, Event, Note
from orders import access, erasure, readings
from orders.cases import ENDED
from orders.deadlines import arrival, provisional, report_duty
from orders.models import Assessment, Enclosure, Participant, ReportVersion
from orders.process import ASSESSMENT
from orders.readings import APART, EVENTS
from orders.report import BY_NAME
from orders.sentences import names_of, organisation_ids, sentence
from orders.views import followup, journal
from orders.views.parts import NOTE_TITLES, Action, Parts, action, parts_of
from orders.views.sections import sections_of
from orders.words import apart, days_left, duty_left, parties_words, pending_in, task_of
from rules.limits import explain, explain_inputs
from rules.remembered import rules_by_code


def load_case(actor: Actor, number: str) -> Assessment:
    """The case with everything of it that one query can bring. 404 as `access.get_case`."""
    return access.the_case(_CASE, actor, number)


def _case(actor: Actor, number: str) -> QuerySet[Assessment]:
    rows = access.case_rows(actor, number).select_related("case_officer", "region_coordinator", "responsible_physician")
    if actor.sees(See.IDENTITY):
        rows = rows.select_related("person")
    taking_part = Participant.objects.filter(assessment=OuterRef("pk"), performer_id=OuterRef("performer_id"))
    return rows.annotate(
        taking_part=ArraySubquery(taking_part.order_by("user__name").values("user__name")),
        takes_part=Exists(taking_part.filter(user_id=actor.user_id)),
    )[:1]


_CASE = Written(_case, number=str)


@require_safe
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Ärende: my turn, the last day and why, who owes what, what I may do, history; documents and parties beside."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        case = load_case(actor, number)
    except Http404:
        if Where.UNLOCKED in wheres(actor.role, See.CASE) and access.elsewhere(number) is not None:
            return redirect("unlock", number=number)
        raise
    today = timezone.localdate()
    found = readings.read(actor, case)
    duties = found["duties"]
    open_duties = [d for d in duties if d.closed_by_id is None]
    steps = door.available("assessment", case, actor, open_duties)
    mine = next((d for d in open_duties if d.organisation_id == actor.organisation_id), None)
    parts = parts_of(actor, case, open_duties, found)
    primary = _primary(case, actor, open_duties, steps, parts)
    events, versions = found["events"], found["versions"]
    context = {
        "case": case,
        "status": ASSESSMENT.statuses[case.status],
        "person": access.person_of(actor, case),
        "sees_needs": actor.sees(See.NEEDS),
        "sees_identity": actor.sees(See.IDENTITY),
        "region_only": actor.party is Party.REGION,
        "money_only": not actor.sees(See.NEEDS),
        "mine": mine,
        "turn": _turn(mine, actor, today, pending_in(open_duties)) if mine else None,
        "primary": primary,
        "to_read": case.report_version
        if mine is not None
        and mine.kind == "review_report"
        and any(version.number == case.report_version and version.voided_by_id is None for version in versions)
        else None,
        "more": [*(action(case, step) for step in steps if primary is None or step.name != primary.name), *parts.begin],
        "parts": parts.sections,
        "deadline": _deadline(case, duties, today),
        "rows": _who_owes(open_duties, actor, today),
        "timeline": _timeline(events[:EVENTS], case, actor),
        "older": len(events) > EVENTS,
        "erasures": erasure.decisions_of(events),
        "notes": _notes(found["notes"]),
        "documents": _documents(actor, case, found["enclosures"]),
        "versions": [version for version in versions if version.voided_by_id is None],
        "voided": _voided(actor, case, [version for version in versions if version.voided_by_id is not None]),
        "takes_part": case.takes_part and actor.party is Party.PERFORMER,  # type: ignore[attr-defined]
        "writes": case.status in ("in_progress", "supplement_requested")
        and case.takes_part  # type: ignore[attr-defined]
        and actor.party is Party.PERFORMER,
        "performer": actor.party is Party.PERFORMER,
        "may_export": journal.may_export(actor, case.takes_part),  # type: ignore[attr-defined]
        "ordered": case.ordered_on is not None and actor.sees(See.UNDERLAG),
        "reads_order": case.ordered_on is not None
        and actor.sees(See.UNDERLAG)
        and (actor.party is Party.AGENCY or case.takes_part),  # type: ignore[attr-defined]
        "unlocked": actor.sees(See.IDENTITY)
        and actor.party is Party.AGENCY
        and case.agency_office_id != actor.organisation_id,
        "may_reveal": case.protected and access.may_reveal(actor, case),
        "may_extract": followup.may_extract(actor),
        "recusals": list(access.recusals(actor, case)) if actor.role in FOLLOW_UP else [],
        "new_clock": case.assignments_count > 1 and case.ordered_on is not None,
        "sections": sections_of(actor, case, found),
        "goes_on": _goes_on(actor, case),
    }
    return render(request, "orders/case.html", context)


def _goes_on(actor: Actor, case: Assessment) -> dict[str, Any] | None:
    """For the office: the ended case that this one goes on from; of an ended one, those that go on and the way to begin one."""
    if case.agency_office_id != actor.organisation_id:
        return None
    ended = case.status in ENDED
    own = Assessment.objects.visible_to(actor)
    return {
        "earlier": own.filter(pk=case.follows_id).values_list("number", flat=True).first() if case.follows_id else None,
        "later": list(own.filter(follows=case).order_by("pk").values_list("number", flat=True)[:5]) if ended else [],
        "may_begin": ended and actor.role in ASSESSMENT.steps["request"].by.get(actor.party, ()),
        "moved": case.ended_cause == "moved",
    }


def _primary(case: Assessment, actor: Actor, open_duties: list[Duty], steps: list[Step], parts: Parts) -> Action | None:
    """The step that closes the actor's party's duty with the earliest last day, if the actor may take it."""
    by_name = {step.name: action(case, step) for step in steps}
    if actor.party is Party.PERFORMER and case.responsible_physician_id is None and "name_physician" in by_name:
        return by_name["name_physician"]  # nobody can open the underlag before that (13 § lag 2018:744)
    for duty in open_duties:
        if duty.organisation_id == actor.organisation_id:
            own = (
                by_name.get(DUTY_KINDS[duty.kind].step)
                if duty.process == ASSESSMENT.name
                else parts.by_duty.get(duty.pk)
            )
            if own is not None:
                return own
    return None


def _turn(duty: Duty, actor: Actor, today: date, pending: bool) -> dict[str, Any]:
    rule = rules_by_code().get(duty.rule)
    kind = DUTY_KINDS[duty.kind]
    return {
        "apart": apart(duty, actor),
        "task": kind.turn.get(actor.party) or kind.task,
        "due": duty.due,
        "left": duty_left(duty, today, pending),
        "basis": rule.basis if rule else "",
    }


@dataclass
class Deadline:
    """The report's last day as the page shows it."""

    due: date | None
    left: Any
    chain: list[Any]
    open: bool
    provisional: bool
    note: str


def _deadline(case: Assessment, duties: list[Duty], today: date) -> Deadline | None:
    """The report's last day with its explanation; provisional from the order on, counted anew on each page."""
    rules = rules_by_code()
    duty = report_duty(case, duties)
    if case.delivered_on is not None and duty is not None:
        return Deadline(duty.due, arrival(case), explain(duty, rules.get(duty.rule)), False, False, "")
    if case.underlag_complete_on is not None and (case.status == "ordered" or case.delivered_on is not None):
        start = case.underlag_complete_on
        try:
            limit = provisional(case)
        except NoRule as missing:
            return Deadline(None, None, [], False, False, missing.text)
        chain = explain_inputs(start, limit.due, limit.inputs, rules.get(limit.rule))
        if case.delivered_on is not None:
            return Deadline(limit.due, arrival(case), chain, False, False, "")
        note = "Dagen gäller om underlaget är komplett. Den ändras inte av när utföraren bekräftar."
        return Deadline(limit.due, days_left(limit.due, today, law=True), chain, False, True, note)
    if duty is not None and duty.closed_by_id is None:
        moved = any(d.superseded_by_id is not None for d in duties if d.kind == duty.kind)
        pending = pending_in(duties)
        left = duty_left(duty, today, pending)
        note = "Anstånd prövas. Sista dag gäller tills Försäkringskassan har beslutat." if pending else ""
        return Deadline(duty.due, left, explain(duty, rules.get(duty.rule)), moved, False, note)
    return None


def _who_owes(open_duties: list[Duty], actor: Actor, today: date) -> list[dict[str, Any]]:
    """All parties' open duties; what several owe together is one row."""
    rules, pending = rules_by_code(), pending_in(open_duties)
    grouped: dict[tuple[str, date], list[Duty]] = {}
    for duty in open_duties:
        grouped.setdefault((duty.kind, duty.due), []).append(duty)
    rows = []
    for together in grouped.values():
        duty = together[0]
        rule = rules.get(duty.rule)
        rows.append(
            {
                "due": duty.due,
                "left": duty_left(duty, today, pending),
                "task": task_of(duty, today, pending),
                "basis": rule.basis if rule else "",
                "who": parties_words(d.party for d in together),
                "task_url": next((url for d in together if (found := apart(d, actor)) and (url := found[0])), ""),
                "yours": any(d.organisation_id == actor.organisation_id for d in together),
            }
        )
    return rows


def _timeline(events: list[Event], case: Assessment, actor: Actor) -> list[dict[str, Any]]:
    performer = case.performer
    if performer is not None and not case.masked and organisation_ids(events) <= {performer.pk}:
        names = {performer.pk: performer.name}  # known already: no query
    else:
        names = names_of(events, case, actor)
    rows: list[dict[str, Any]] = []
    for event in events:
        row = {"pk": event.pk, "at": event.at, "sentence": sentence(event, names)}
        # What two organisations owe together passes twice in the same moment: one line is enough.
        if not (rows and rows[-1]["sentence"] == row["sentence"] and rows[-1]["at"].date() == event.at.date()):
            rows.append(row)
    return rows


def _notes(notes: list[Note]) -> list[dict[str, Any]]:
    """What has been written that the actor's party may read, newest first."""
    return [
        {
            "title": _note_title(note),
            "text": note.text or "Texten är gallrad.",
            "at": note.event.at,
            "who": str(Party(note.event.party).label),
            "step": sentence(note.event, {}).split(". ")[0].rstrip("."),
        }
        for note in notes
    ]


def _note_title(note: Note) -> str:
    """What kind of note it is, and which part of the report a supplement is asked for."""
    title, part = NOTE_TITLES.get(note.kind, "Anteckning"), note.event.data.get("part")
    if note.event.step != "request_supplement" or not part:
        return title
    return f"{title}: {BY_NAME[part].title.lower() if part in BY_NAME else 'hela utlåtandet'}"


def _documents(actor: Actor, case: Assessment, found: list[Enclosure]) -> list[dict[str, Any]]:
    """The documents that the actor may know of, with page count and whether the person has opened each."""
    part: bool = case.takes_part  # type: ignore[attr-defined]
    voided = {enclosure.document_id for enclosure in found if enclosure.voided_by_id}
    opened = _who_opened(case, voided) if voided and actor.party is Party.AGENCY else {}
    return [
        _document(actor, case, enclosure, part) | {"opened": opened.get(enclosure.document_id)} for enclosure in found
    ]


def _voided(actor: Actor, case: Assessment, versions: list[ReportVersion]) -> list[dict[str, Any]]:
    """Reports that have been voided: that they were there, and at the agency who had time to open them."""
    documents = {version.document_id for version in versions if version.document_id}
    opened = _who_opened(case, documents) if documents and actor.party is Party.AGENCY else {}
    return [{"number": version.number, "opened": opened.get(version.document_id)} for version in versions]


def _who_opened(case: Assessment, documents: set[Any]) -> dict[Any, str]:
    """Who had time to open the voided documents: document id -> names with organisation."""
    rows = Opening.objects.filter(case_id=case.pk, document_id__in=documents).order_by("pk")
    names: dict[Any, list[str]] = {}
    for document_id, name, organisation in rows.values_list(
        "document_id", "mandate__user__name", "mandate__organisation__name"
    ):
        who = f"{name} ({organisation})"
        if who not in names.setdefault(document_id, []):
            names[document_id].append(who)
    return {pk: ", ".join(names.get(pk, [])) or "ingen" for pk in documents}


def _document(actor: Actor, case: Assessment, enclosure: Enclosure, part: bool) -> dict[str, Any]:
    may = access.may_open(actor, case, enclosure, part)
    voided = enclosure.voided_by_id is not None
    read: bool = enclosure.read  # type: ignore[attr-defined]
    file = enclosure.document
    if voided:
        state = "Makulerad."
    elif file.is_erased:
        state = "Gallrad."
    elif file.is_refused:
        state = f"Mottagen, men godtas inte och kan inte öppnas. {file.reason}"
    elif file.waits:
        state = "Mottagen. Kontrolleras och kan öppnas när kontrollen är klar."
    else:
        state = "" if not may else "Öppnad av dig." if read else "Inte öppnad av dig."
    openable = may and file.is_clean
    dated = f" {enclosure.dated}" if enclosure.dated else ""
    return {
        "title": f"{enclosure.get_kind_display()}{dated}",
        "url": f"/arenden/{case.number}/handlingar/{enclosure.document_id}/" if openable else None,
        "kind": file.name if may and not voided else "PDF",
        "pages": file.pages,
        "state": state,
        "unread": (openable and not read) or (file.is_refused and not voided),
    }


@require_safe
def history(request: HttpRequest, number: str) -> HttpResponse:
    """All that has happened, newest first, by key."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = access.get_case(actor, number)
    rows = access.told_events(actor, case).exclude(process__in=APART).order_by("-id")
    after = request.GET.get("efter", "")
    if (last := number_in(after)) is not None:
        rows = rows.filter(pk__lt=last)
    events = list(rows[: EVENTS + 1])
    following = str(events[EVENTS - 1].pk) if len(events) > EVENTS else ""
    context = {"case": case, "timeline": _timeline(events[:EVENTS], case, actor), "next": following}
    return render(request, "orders/history.html", context)


@require_safe
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    """Beställningen: what the agency asked for. For the agency and those at the performer who may know of the underlag."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = access.get_case(actor, number)
    if not actor.sees(See.UNDERLAG) or case.ordered_on is None:
        raise Http404
    if actor.party is Party.PERFORMER and not access.takes_part(actor, case):
        raise PermissionDenied("Bara de som deltar i utredningen kan läsa beställningen.")
    order = case.orders.select_related("event").order_by("-pk").first()
    if order is None:
        raise Http404
    if not order.purpose:
        raise Erased("Beställningen")
    interpreter = f"Ja, {case.language}" if case.interpreter else "Nej"
    expandable = "Ja, efter godkännande i varje enskilt fall" if order.expandable else "Nej"
    self_rating = f"Saknas: {order.no_self_rating_reason}" if order.no_self_rating_reason else "Bifogad"
    rows = [
        {"label": "Beställd", "values": [str(timezone.localdate(order.event.at))]},
        {"label": "Hur ska förmågan bedömas?", "values": [order.purpose]},
        {"label": "Metod", "values": [order.method]},
        {"label": "Får utredningen utvidgas?", "values": [expandable]},
        {"label": "Tolk", "values": [interpreter]},
        {"label": "Särskilda behov", "values": [case.special_needs or "Inga angivna"]},
        {"label": "Självskattning", "values": [self_rating]},
        {"label": "Egna handlingar från den försäkrade", "values": ["Ja" if order.own_documents else "Nej"]},
        {"label": "Den försäkrade informerades", "values": [str(order.informed_on)]},
    ]
    return render(request, "orders/order.html", {"case": case, "rows": rows})
