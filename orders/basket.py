"""The work basket: an organisation's open duties by last day, late first. Its index is the partial index of the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from accounts.written import Written
from fmu_portal.context import MOST_COUNTED, count_text
from fmu_portal.engine.registry import PROCESSES, Aside
from fmu_portal.models import Duty
from orders.access import name_in_list
from orders.models import Assessment
from orders.words import Left, apart, duty_left, task_of
from rules.remembered import rules_by_code

PAGE = 25
VIEWS = {
    "alla": "Alla",
    "passerade": "Passerad sista dag",
    "idag": "I dag",
    "mina": "Mina",
    "utan": "Ingen ansvarig",
}

COLLEAGUES = "Görs av en kollega hos er med ett annat uppdrag."


@dataclass
class Wanted:
    """What the page asks for: a quick view, filters, and where the page before ended (due, id)."""

    view: str = "alla"
    kind: str = ""
    performer: int | None = None
    number: str = ""
    after: tuple[date, int] | None = None


@dataclass
class Row:
    """One duty on the page; no ``url`` where it is a colleague's who alone may open what it is about."""

    duty: Duty
    case: Assessment | None
    number: str
    task: str
    left: Left
    basis: str
    fact: str
    counterpart: str
    holder: str
    person: str = ""
    url: str = ""


@dataclass
class Page:
    """One page of the basket, in groups of (title, rows); ``next`` is the cursor of the next page."""

    groups: list[tuple[str, list[Row]]] = field(default_factory=list)
    shown: int = 0
    next: str = ""


def wanted_duties(actor: Actor, wanted: Wanted, today: date) -> QuerySet[Duty]:
    """The open duties of the actor's organisation that the page asks for, in order."""
    rows: QuerySet[Duty] = Duty.objects.of_organisation(actor.organisation_id)
    if wanted.view == "passerade":
        rows = rows.filter(due__lt=today)
    elif wanted.view == "idag":
        rows = rows.filter(due=today)
    elif wanted.view == "mina":
        rows = rows.filter(holder_id=actor.user_id)
    elif wanted.view == "utan":
        rows = rows.filter(holder_id__isnull=True)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.performer or wanted.number:
        cases = Assessment.objects.visible_to(actor)
        if wanted.performer:
            cases = cases.filter(performer_id=wanted.performer)
            if actor.party is Party.AGENCY:  # who has a protected person's case is not to be guessed by filtering
                cases = cases.filter(protected=False)
        if wanted.number:
            cases = cases.filter(number=wanted.number)
        rows = rows.filter(case_id__in=cases.values("id"))
    if wanted.after:
        due, pk = wanted.after
        rows = rows.filter(Q(due__gt=due) | Q(due=due, id__gt=pk), due__gte=due)
    return rows


def basket(actor: Actor, wanted: Wanted, today: date) -> Page:
    """One page: the duties, then their cases with what the actor may see of them."""
    duties = list(wanted_duties(actor, wanted, today).select_related("holder")[: PAGE + 1])
    page = Page(shown=min(len(duties), PAGE))
    if len(duties) > PAGE:
        page.next = f"{duties[PAGE - 1].due.isoformat()}.{duties[PAGE - 1].pk}"
    found = {case.pk: case for case in _cases(actor, duties[:PAGE])}
    pending = {pk for pk, case in found.items() if case.pending}  # type: ignore[attr-defined]
    rules = rules_by_code()
    asides = _asides(actor, [duty for duty in duties[:PAGE] if duty.case_id is None])
    week_ends = today + timedelta(days=6 - today.weekday())
    for duty in duties[:PAGE]:
        case = found.get(duty.case_id or 0)
        registered = PROCESSES[duty.process]
        asked = case is None and actor.party is Party.PERFORMER and bool(registered.process.apart)
        if case is None and not asked and duty.case_id is not None:
            continue  # the case is not the actor's to see
        url = _address(duty, actor, case, registered.apart_for(actor) if asked else "")
        aside = asides.get((duty.process, duty.subject_id))
        rule = rules.get(duty.rule)
        row = Row(
            duty=duty,
            case=case,
            number=case.number if case else aside.number if aside else "Inget ännu" if asked else "–",
            task=task_of(duty, today, duty.case_id in pending),
            left=duty_left(duty, today, duty.case_id in pending),
            basis=rule.basis if rule else "",
            fact=_fact(actor, case) if case else _alone(aside, registered.alone, bool(url)),
            counterpart=_counterpart(actor, case) if case else aside.counterpart if aside else "",
            holder=duty.holder.name if duty.holder else "Ingen ännu",
            person=name_in_list(actor, case) if case else "",
            url=url,
        )
        title = _group(duty.due, today, week_ends)
        if not page.groups or page.groups[-1][0] != title:
            page.groups.append((title, []))
        page.groups[-1][1].append(row)
    return page


def _asides(actor: Actor, duties: list[Duty]) -> dict[tuple[str, int], Aside]:
    """(process, subject's id) -> what is said of what belongs to no case: one query for each kind of subject."""
    asked: dict[str, list[int]] = {}
    for duty in duties:
        asked.setdefault(duty.process, []).append(duty.subject_id)
    found = {}
    for process, ids in asked.items():
        if (tell := PROCESSES[process].aside) is not None:
            found.update({(process, pk): aside for pk, aside in tell(actor, ids).items()})
    return found


def _alone(aside: Aside | None, words: str, own: bool) -> str:
    """The fact beside a duty that is of no case, and whose it is where it is not one's own."""
    return " ".join(part for part in (aside.fact if aside else "", words if own else COLLEAGUES) if part)


def _cases(actor: Actor, duties: list[Duty]) -> list[Assessment]:
    """The cases of the duties, of those that the actor sees, with what a row says of them; ``pending``: a deferral is."""
    rows = _CASES.rows(actor, cases=[duty.case_id for duty in duties if duty.case_id])
    for case in rows:
        case.mask_for(actor)
    return rows


def _case_rows(actor: Actor, cases: list[int]) -> QuerySet[Assessment]:
    rows = Assessment.objects.visible_to(actor).with_parties().filter(pk__any_of=cases)
    if actor.sees(See.IDENTITY):
        rows = rows.select_related("person")
    deciding = Duty.objects.open().filter(case_id=OuterRef("pk"), kind="decide_deferral")
    return rows.annotate(pending=Exists(deciding))


_CASES = Written(_case_rows, cases=list)


def _address(duty: Duty, actor: Actor, case: Assessment | None, outside: str) -> str:
    """Where the duty is done: its own page, the case's, or the one ``outside`` of whoever is only asked; "" for a
    colleague's."""
    if elsewhere := apart(duty, actor):
        return elsewhere[0]
    if case is not None:
        return f"/arenden/{case.number}/"
    return f"{outside}{duty.subject_id}/" if outside else ""


def _group(due: date, today: date, week_ends: date) -> str:
    if due < today:
        return "Passerad sista dag"
    if due == today:
        return "I dag"
    if due <= week_ends:
        return "Senare i veckan"
    return "Nästa vecka" if due <= week_ends + timedelta(days=7) else "Längre fram"


def _fact(actor: Actor, case: Assessment) -> str:
    """The one fact that helps to decide: where, and in which language."""
    if not actor.sees(See.NEEDS) or case.municipality is None:
        return ""
    interpreter = f", tolk i {case.language}" if case.interpreter and case.language else ""
    return f"{case.municipality.name}{interpreter}."


def _counterpart(actor: Actor, case: Assessment) -> str:
    if actor.party is Party.PERFORMER:
        return case.region.name if case.region else ""
    return case.performer.name if case.performer else "Inte tilldelad"


_COUNTS = """
SELECT
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s
                        AND due < %(d)s LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s
                        AND due = %(d)s LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s
                        AND holder_id = %(u)s LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s
                        AND holder_id IS NULL LIMIT %(n)s) x)
"""


def view_counts(actor: Actor, today: date) -> dict[str, str]:
    """How many there are in each quick view, counted no further than 99: view -> text. One query."""
    params: dict[str, Any] = {"o": actor.organisation_id, "u": actor.user_id, "d": today, "n": MOST_COUNTED + 1}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, params)
        return {view: count_text(n) for view, n in zip(VIEWS, cursor.fetchone(), strict=True)}
