"""The pages of a step of a claim, a batch, a recovery or a review: its form, the check of the answers, the taking.

One address a step. The answers travel from form to check page and on in the page itself, so nothing half done is stored;
what somebody sent after the session had ended comes back by `accounts.parked.back`. A view makes a `Target` and
gives it to `respond`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts import parked
from accounts.actor import Actor
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, LostRace, NoRule, Refused, Stale, WrongRole
from fmu_portal.engine.registry import PROCESSES, Registered
from fmu_portal.engine.table import Step
from fmu_portal.forms import without_errors
from fmu_portal.models import Event
from fmu_portal.templatetags.portal import moment
from orders.views.request import actor_of
from orders.views.step_rows import texts

_OWN = ("csrfmiddlewaretoken", "gor", "sedd")
"""What a form sends beside its fields."""
MOST_NEW = 10
"""Events that the page of a stale decision names."""


@dataclass(frozen=True)
class Target:
    """Which step of what, and how its pages speak of it.

    ``url``: the step's own address; ``back``: the page that it was reached from; ``title``: what the subject is called
    ("Begäran E-2027-00031"). ``facts``: what stands beside, (label, text). ``begin``: for a step that begins something
    new, takes the answers through the door and gives the new subject; its ``subject`` is not stored. ``beside``: a
    template above the fields, ``above`` one on the check page; both get ``more``. ``initial``: what the form proposes.
    ``done``: where to afterwards; the subject's page when empty. ``button``: the words of the deed when the step's label
    is not it. ``template``: of the page with the form.
    """

    registered: Registered
    subject: Any
    step: Step
    url: str
    back: str
    title: str
    facts: list[tuple[str, Any]] = field(default_factory=list)
    begin: Callable[[Mapping[str, Any]], Any] | None = None
    beside: str = ""
    above: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    done: str = ""
    button: str = ""
    template: str = "reimbursement/step.html"

    @property
    def form_class(self) -> Any:
        """The step's form, or None."""
        return self.registered.input_of(self.step)


def step_for(actor: Actor, process: str, name: str) -> Step:
    """The step that an address names. 404 when there is none that a person takes; 403 for another role's."""
    row = PROCESSES[process].process.steps.get(name)
    if row is None or row.follows:
        raise Http404
    if actor.role not in row.by.get(actor.party, ()):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att göra det här.")
    return row


def respond(request: HttpRequest, target: Target) -> HttpResponse:
    """The step's page. GET: the form, or the check page of a step without one; POST: check the answers, or take it."""
    actor = actor_of(request)
    reads = request.method in ("GET", "HEAD")
    try:
        _guard(target, actor, None if reads else _seen(request))
    except Refused as refused:
        return refused_page(request, target, refused, request.POST)
    if reads:
        kept = parked.back(request)
        if target.form_class is None:
            return _check_page(request, target, None, _version(target))
        return _form_page(request, target, _unbound(target, actor, kept), kept=bool(kept))
    data = _typed(request)
    if target.form_class is None:
        return _take(request, target, actor, data, None)
    if request.POST.get("gor") == "andra":
        return _form_page(request, target, _unbound(target, actor, data))
    form: StepForm = target.form_class(data, subject=target.subject, actor=actor)
    if not form.is_valid():
        return _form_page(request, target, form, status=422)
    if target.step.confirm and request.POST.get("gor") != "skicka":
        return _check_page(request, target, form, data)
    return _take(request, target, actor, data, form)


def _guard(target: Target, actor: Actor, seen: int | None) -> None:
    """Refuse now what the door would refuse, so that nobody fills in a form for nothing."""
    registered, subject = target.registered, target.subject
    duties = door.open_duties(registered.process.name, subject.pk) if subject.pk is not None else []
    door.check(registered, subject, target.step, actor, {duty.kind for duty in duties}, seen)


def _seen(request: HttpRequest) -> int | None:
    return number_in(request.POST.get("sedd"))


def _typed(request: HttpRequest) -> QueryDict:
    """What the form sent, without what is the page's own."""
    data = request.POST.copy()
    for name in _OWN:
        data.pop(name, None)
    for name in list(data):
        # The database cannot keep a NUL, and no keyboard writes one.
        data.setlist(name, [text.replace("\0", "") for text in data.getlist(name)])
    return data


def _version(target: Target) -> QueryDict:
    """The answers of a step without a form: the version that its decision rests on, where it does."""
    kept = QueryDict(mutable=True)
    if target.step.sees is not None:
        kept[target.step.sees] = str(getattr(target.subject, target.step.sees))
    return kept


def _unbound(target: Target, actor: Actor, kept: QueryDict | None) -> StepForm:
    """The form with what was kept shown, without errors yet; carrying the version that is seen now."""
    sees = target.step.sees
    initial = target.initial | ({sees: getattr(target.subject, sees)} if sees is not None else {})
    if not kept:
        form: StepForm = target.form_class(subject=target.subject, actor=actor, initial=initial)
        return form
    bound: StepForm = target.form_class(kept, subject=target.subject, actor=actor, initial=initial)
    return without_errors(bound)


def _base(target: Target) -> dict[str, Any]:
    return {
        "target": target,
        "subject": target.subject,
        "step": target.step,
        "button": target.button or target.step.label,
        **target.more,
    }


def _form_page(
    request: HttpRequest, target: Target, form: StepForm, *, kept: bool = False, status: int = 200
) -> HttpResponse:
    return render(request, target.template, _base(target) | {"form": form, "kept": kept}, status=status)


def _check_page(request: HttpRequest, target: Target, form: StepForm | None, data: QueryDict) -> HttpResponse:
    """The answers once more, what happens next, and the button that names the deed."""
    context = _base(target) | {
        "rows": [
            {"label": label, "values": values, "change_url": ""}
            for _, label, values in (form.answers() if form is not None else ())
        ],
        "form": form,
        "warnings": form.warnings() if form is not None else [],
        "carried": [(name, value) for name, values in data.lists() for value in values],
    }
    return render(request, "reimbursement/check.html", context)


def _take(request: HttpRequest, target: Target, actor: Actor, data: QueryDict, form: StepForm | None) -> HttpResponse:
    """Through the door; then the subject's page with a word of what happened, or the refusal's page."""
    registered, step = target.registered, target.step
    try:
        if target.begin is not None:
            subject = target.begin(data)
        else:
            subject = target.subject
            door.take(registered.process.name, subject.pk, step.name, actor, data, seen=_seen(request))
    except InvalidInput as refused:
        return _form_page(request, target, refused.form, status=422)
    except Stale as refused:
        return _stale(request, target, actor, data, refused)
    except Refused as refused:
        return refused_page(request, target, refused, data)
    messages.success(request, f"Klart. {step.done}")
    for warning in form.warnings() if form is not None and not step.confirm else ():
        messages.warning(request, warning)
    page = registered.page
    return redirect(target.done or (page(subject.pk) if page is not None else target.back))


def _stale(request: HttpRequest, target: Target, actor: Actor, data: QueryDict, refused: Stale) -> HttpResponse:
    """What the decision rested on has changed: what is new, and the typed text kept."""
    now, seen = refused.facts["now"], refused.facts["seen"]
    typed = data.copy()
    typed[refused.facts["what"]] = str(now)
    known = isinstance(seen, int) and seen < now
    steps = target.registered.process.steps
    rows = Event.objects.filter(process=target.registered.process.name, subject_id=target.subject.pk).order_by("-pk")
    new = list(rows[: min(now - seen, MOST_NEW)]) if known else list(rows[:1])
    context = {
        "changes": [
            {"what": steps[event.step].done, "before": "Inte gjort", "now": moment(event.at)}
            for event in reversed(new)
            if event.step in steps
        ],
        "form": _unbound(target, actor, typed) if target.form_class is not None else None,
        "action_url": target.url,
        "step_label": target.step.label,
        "button": "Granska och skicka igen",
        "case_url": target.back,
        "case_text": f"Öppna {target.title[:1].lower()}{target.title[1:]}",
        "title": f"{target.title} har ändrats sedan du öppnade sidan",
    }
    return render(request, "errors/stale.html", context, status=409)


def refused_page(request: HttpRequest, target: Target, refused: Refused, data: QueryDict) -> HttpResponse:
    """Why the step was not taken, how it is now, the way back, and what was typed."""
    facts: list[dict[str, Any]] = [
        {"label": "Gäller", "value": target.title},
        {"label": "Du ville", "value": target.step.label},
    ]
    if isinstance(refused, NoRule | WrongRole):
        facts = []
    elif isinstance(refused, LostRace):
        facts.append({"label": "Det som gjordes", "value": refused.facts["label"] or "En dag passerade"})
    elif target.subject.pk is not None:
        facts.append({"label": "Status nu", "value": target.subject.status_label})
    words = f"Öppna {target.title[:1].lower()}{target.title[1:]}" if target.subject.pk is not None else "Tillbaka"
    return errors.refusal(
        request, refused, target.back, facts=facts, case_text=words, typed=texts(target.form_class, data)
    )
