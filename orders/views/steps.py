"""The pages of a step: its form, the check of the answers, and the sending. One set of views for every step of a case
and of its parts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked, sessions
from accounts.actor import Actor
from accounts.forms import PasswordForm
from accounts.models import User
from accounts.permissions import See
from documents.intake import max_megabytes
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, LostRace, NoRule, Refused, Stale, WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES, Registered, parts
from fmu_portal.engine.table import NEW, Step
from fmu_portal.forms import without_errors
from orders import access
from orders.deadlines import if_sent
from orders.drafts import drop_draft, load_draft, mark_of, save_draft, saved_elsewhere
from orders.inputs.files import page_count, staged
from orders.models import Assessment
from orders.sentences import names_of, sentence
from orders.views import step_rows
from orders.views.parts import part_facts
from orders.views.request import actor_of
from orders.views.staging import StageForm, handle_files

# What a form sends beside its fields.
_OWN = ("csrfmiddlewaretoken", "gor", "sedd", "filer", "utkast")


@dataclass(frozen=True)
class Target:
    """Which step of what: the case itself, a part of it, or a part that the step would begin.

    ``url`` is the form's address; ``draft`` the name under which the half-filled form is kept.
    """

    case: Assessment
    registered: Registered
    subject: Any
    step: Step
    url: str
    draft: str

    @property
    def form_class(self) -> Any:
        """The step's form, or None."""
        return self.registered.input_of(self.step)

    @property
    def begins(self) -> bool:
        """Whether the part is not there before the step."""
        return self.subject.pk is None


def _target(actor: Actor, number: str, step: str, part: str | None, pk: int | None) -> Target:
    """What the address names, for one who may see it.

    404 for a step that does not exist or is the clock's, and for a part that is not this case's; 403 for another role's.
    """
    case = access.get_case(actor, number)
    registered = PROCESSES["assessment"] if part is None else _part_process(part)
    row = registered.process.steps.get(step)
    if row is None or row.follows or (part is not None and (pk is None) != (NEW in row.from_)):
        raise Http404
    if actor.role not in row.by.get(actor.party, ()):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att göra det här.")
    base = f"/arenden/{case.number}/"
    if part is None:
        return Target(case, registered, case, row, f"{base}steg/{step}/", step)
    if pk is None:
        begun = registered.model.to_begin(case)
        return Target(case, registered, begun, row, f"{base}{part}/steg/{step}/", f"{part}/{step}")
    subject = registered.model.objects.visible_to(actor).filter(assessment=case, pk=pk).first()
    if subject is None:
        raise Http404
    subject.assessment = case
    return Target(case, registered, subject, row, f"{base}{part}/{pk}/steg/{step}/", f"{part}/{pk}/{step}")


def _part_process(slug: str) -> Registered:
    found = next((part for part in parts() if part.process.slug == slug), None)
    if found is None:
        raise Http404
    return found


def _guard(target: Target, actor: Actor, seen: int | None) -> None:
    """Refuse now what the door would refuse, so that nobody fills in a form for nothing."""
    subject, registered = target.subject, target.registered
    duties = door.open_duties(registered.process.name, subject.pk) if not target.begins else []
    door.check(registered, subject, target.step, actor, {d.kind for d in duties}, seen)


def _hindered(request: HttpRequest, target: Target, actor: Actor, data: QueryDict | None = None) -> HttpResponse | None:
    """The page that says so, with the way back to the case and what was typed; None where nothing is in the way."""
    try:
        _guard(target, actor, None if request.method == "GET" else _seen(request))
    except (WrongState, LostRace) as refused:
        return _refused(request, target, refused, data)
    return None


def _seen(request: HttpRequest) -> int | None:
    return number_in(request.POST.get("sedd"))


def _base(target: Target, actor: Actor) -> dict[str, Any]:
    """What both pages of a step show: where one is and whom it concerns."""
    case = target.case
    return {
        "case": case,
        "subject": target.subject,
        "step": target.step,
        "person": access.person_of(actor, case) if case.status != "draft" else None,
        "url": target.url,
        "case_url": f"/arenden/{case.number}/",
        "sees_identity": actor.sees(See.IDENTITY),
        "part": part_facts(actor, case, target.registered, target.subject) if not target.begins else None,
    }


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def step_page(
    request: HttpRequest, number: str, step: str, part: str | None = None, pk: int | None = None
) -> HttpResponse:
    """A step's form. What is typed is kept as a draft at each turn, and gone when the step has been taken."""
    actor = actor_of(request)
    target = _target(actor, number, step, part, pk)
    case, form_class = target.case, target.form_class
    if (refused := _hindered(request, target, actor, request.POST)) is not None:
        return refused
    if request.method == "GET":
        kept = parked.back(request) or _kept(target, actor)
        form = _unbound(target, actor, kept)
        return _show(request, target, actor, form, kept=bool(kept))
    if form_class is None:
        return _take(request, target, actor, None)
    data = _typed(request)
    form = form_class(data, subject=target.subject, actor=actor)
    action = request.POST.get("gor", "")
    # Files first: what was chosen is staged whatever the rest of the form leads to.
    stage = handle_files(request, case, actor, form_class.sends, action) if form_class.sends else None
    saved = saved_elsewhere(case, actor, target.draft, request.POST.get("utkast"), data)
    if rows := step_rows.saved_rows(form, saved):
        unsaved = _unbound(target, actor, data)
        return _show(request, target, actor, unsaved, stage=stage, elsewhere=rows, status=409)
    if stage is not None:
        save_draft(case, actor, target.draft, form, data)
        if not stage.errors:
            return redirect(f"{request.path}#filer")
        return _show(request, target, actor, _unbound(target, actor, data), stage=stage, status=422)
    valid = form.is_valid()
    _keep(target, actor, form, data)
    if action == "spara" and form.keep:
        messages.success(request, "Utkastet är sparat. Du hittar det i ärendet.")
        return redirect(f"/arenden/{case.number}/")
    if not valid:
        return _show(request, target, actor, form, status=422)
    if target.step.confirm:
        return redirect(f"{target.url}kontrollera/")
    return _take(request, target, actor, data)


def _kept(target: Target, actor: Actor) -> QueryDict | None:
    """What was typed before. The page that it stands on is a new one: what it is made from is said anew."""
    kept, form_class = load_draft(target.case, actor, target.draft), target.form_class
    if kept is None or not form_class.renewed:
        return kept
    fresh = form_class(subject=target.subject, actor=actor)
    now = {name: str(fresh[name].value() if fresh[name].value() is not None else "") for name in form_class.renewed}
    if form_class.forgets and any(kept.get(name, "") != value for name, value in now.items()):
        return None
    kept = kept.copy()
    for name, value in now.items():
        kept[name] = value
    return kept


def _keep(target: Target, actor: Actor, form: StepForm, data: QueryDict) -> None:
    """Keep the draft; where the form says that nothing may be kept, what was kept before goes too."""
    if form.keep:
        save_draft(target.case, actor, target.draft, form, data)
    else:
        drop_draft(target.case, actor, target.draft)


def _typed(request: HttpRequest) -> QueryDict:
    data = request.POST.copy()
    for name in _OWN:
        data.pop(name, None)
    for name in list(data):
        # The database cannot keep a NUL, and no keyboard writes one.
        data.setlist(name, [text.replace("\0", "") for text in data.getlist(name)])
    return data


def _unbound(target: Target, actor: Actor, kept: QueryDict | None) -> StepForm | None:
    """The form with what was kept shown, without errors yet."""
    if target.form_class is None:
        return None
    if not kept:
        form: StepForm = target.form_class(subject=target.subject, actor=actor)
        return form
    bound: StepForm = target.form_class(kept, subject=target.subject, actor=actor)
    return without_errors(bound)


def _show(
    request: HttpRequest,
    target: Target,
    actor: Actor,
    form: StepForm | None,
    *,
    stage: StageForm | None = None,
    kept: bool = False,
    elsewhere: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    case, step = target.case, target.step
    context = _base(target, actor) | {"form": form, "kept": kept, "stage": stage, "elsewhere": elsewhere}
    if form is not None:
        context["mark"] = mark_of(case, actor, target.draft)
    if form is not None and form.sends:
        enclosures = staged(case, actor.organisation_id, form.sends)
        context |= step_rows.files(case, enclosures, form.file_hint) | {
            "stage": stage or StageForm(kinds=form.sends),
            "file_title": form.file_title,
            "files_url": f"{target.url}filer/",
            "max_mb": max_megabytes(),
        }
    if target.subject is case and step.name == "order":
        limit = if_sent(timezone.localdate())
        context |= {"if_sent": limit.due, "if_sent_days": limit.inputs["days"], "today": timezone.localdate()}
    if target.subject is case and step.name == "confirm":
        context |= {"received": step_rows.received(actor, case), "reads": access.takes_part(actor, case)}
    return render(request, "orders/step.html", context, status=status)


@require_safe
def files_piece(
    request: HttpRequest, number: str, step: str, part: str | None = None, pk: int | None = None
) -> HttpResponse:
    """How far the check of the uploaded documents has come, as a piece of the step's page."""
    actor = actor_of(request)
    target = _target(actor, number, step, part, pk)
    case, form_class = target.case, target.form_class
    if form_class is None or not form_class.sends:
        raise Http404
    context = step_rows.files(case, staged(case, actor.organisation_id, form_class.sends), form_class.file_hint)
    response = render(request, "orders/files.html", context)
    if not context["files_wait"]:
        response["X-Done"] = "1"
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def check_page(
    request: HttpRequest, number: str, step: str, part: str | None = None, pk: int | None = None
) -> HttpResponse:
    """Kontrollera dina uppgifter: the answers once more, what happens next, and the button that names the deed."""
    actor = actor_of(request)
    target = _target(actor, number, step, part, pk)
    case, row, form_url, form_class = target.case, target.step, target.url, target.form_class
    kept = load_draft(case, actor, target.draft)
    shown = _fingerprint(case, actor, form_class, kept)
    if (refused := _hindered(request, target, actor, kept)) is not None:
        return refused
    password = _password(request, row)
    if request.method == "POST":
        if request.POST.get("visat", shown) != shown:
            messages.warning(
                request, "Uppgifterna eller handlingarna har ändrats sedan du kontrollerade dem. Kontrollera igen."
            )
            return redirect(request.path)
        if password is None or password.is_valid():
            if password is not None:
                sessions.renew(request)
            return _take(request, target, actor, kept)
    if not row.confirm or form_class is None or not kept:
        return redirect(form_url)
    form = form_class(kept, subject=target.subject, actor=actor)
    if not form.is_valid():
        wrong = next((str(error) for errors_of in form.errors.values() for error in errors_of), "")
        messages.warning(request, f"Uppgifterna behöver ses över innan du kan skicka. {wrong}")
        return redirect(form_url)
    rows = [
        {"label": label, "values": values, "change_url": f"{form_url}#{form[name].first_input_id}"}
        for name, label, values in form.answers()
    ]
    base = _base(target, actor)
    context = base | {
        "rows": rows,
        "form_url": form_url,
        "warnings": form.warnings(),
        "shown": shown,
        "password": password,
        # A report written in the portal is read here, before it is signed.
        "report_url": f"{base['case_url']}utlatande/granska/" if form.cleaned_data.get("source") == "form" else "",
    }
    if form.sends:
        enclosures = getattr(form, "enclosures", [])
        context |= {
            "enclosures": enclosures,
            "page_count": page_count(enclosures),
            "uncounted": any(e.document.pages is None for e in enclosures),
            "file_title": form.file_title,
        }
    if target.subject is case and row.name == "order":
        context["if_sent"] = if_sent(timezone.localdate()).due
    return render(request, "orders/check.html", context, status=200 if request.method == "GET" else 422)


def _password(request: HttpRequest, step: Step) -> PasswordForm | None:
    """The password once more where the step signs: valid for this one sending, so that an open screen signs nothing."""
    if not step.signs:
        return None
    assert isinstance(request.user, User)
    return PasswordForm(request.POST if request.method == "POST" else None, user=request.user, request=request)


def _fingerprint(case: Assessment, actor: Actor, form_class: Any, kept: QueryDict | None) -> str:
    """What the check page shows, in short: only that may be sent from it."""
    documents = [e.pk for e in staged(case, actor.organisation_id, form_class.sends)] if form_class else []
    return hashlib.sha256(f"{kept.urlencode() if kept else ''}|{documents}".encode()).hexdigest()[:24]


def _take(request: HttpRequest, target: Target, actor: Actor, data: QueryDict | None) -> HttpResponse:
    """Through the door; then the case page with a word of what happened, or the refusal's page."""
    case, step, process = target.case, target.step, target.registered.process.name
    try:
        if target.begins:
            _, event = door.begin(process, case.pk, step.name, actor, data)
        else:
            event = door.take(process, target.subject.pk, step.name, actor, data, seen=_seen(request))
    except InvalidInput as refused:
        return _show(request, target, actor, refused.form, status=422)
    except Stale as refused:
        return _stale(request, target, actor, data, refused)
    except Refused as refused:
        return _refused(request, target, refused, data)
    drop_draft(case, actor, target.draft)
    names = names_of([event], case, actor)
    messages.success(request, f"Klart. {sentence(event, names)}")
    return redirect(f"/arenden/{case.number}/" if step.name != "hand_back" else "/att-gora/")


def _stale(request: HttpRequest, target: Target, actor: Actor, data: QueryDict | None, refused: Stale) -> HttpResponse:
    """What the decision rested on has changed: what is new, and the typed text kept."""
    typed = data.copy() if data is not None else QueryDict(mutable=True)
    typed["report_version"] = str(refused.facts["now"])
    context = {
        "changes": [
            {
                "what": "Utlåtandets version",
                "before": f"Version {refused.facts['seen'] or 'okänd'}",
                "now": f"Version {refused.facts['now']}",
            }
        ],
        "form": _unbound(target, actor, typed),
        "action_url": target.url,
        "step_label": target.step.label,
        "button": "Granska och skicka igen",
        "case_url": f"/arenden/{target.case.number}/",
    }
    return render(request, "errors/stale.html", context, status=409)


def _refused(request: HttpRequest, target: Target, refused: Refused, data: QueryDict | None = None) -> HttpResponse:
    case = target.case
    typed = step_rows.texts(target.form_class, data) if data and request.method == "POST" else []
    facts: list[dict[str, Any]] = [
        {"label": "Ärende", "value": case.number},
        {"label": "Du ville", "value": target.step.label},
    ]
    if isinstance(refused, NoRule | WrongRole):
        facts = []
    elif isinstance(refused, LostRace):
        facts.append({"label": "Det som gjordes", "value": refused.facts["label"] or "En dag passerade"})
    else:
        facts.append({"label": "Status nu", "value": refused.facts.get("status_label") or case.status_label})
    return errors.refusal(request, refused, f"/arenden/{case.number}/", facts=facts, typed=typed)
