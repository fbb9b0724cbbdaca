"""The pages of a step: its form, the check of the answers, and the sending. One set of views for every step."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms.utils import ErrorDict
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sessions
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
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders import access
from orders.deadlines import if_sent
from orders.drafts import drop_draft, load_draft, save_draft, take_parked
from orders.inputs.files import page_count, staged
from orders.models import Assessment, Enclosure
from orders.process import ASSESSMENT
from orders.sentences import names_of, sentence
from orders.views.request import actor_of
from orders.views.staging import StageForm, handle_files, rows_of

# What a form sends beside its fields.
_OWN = ("csrfmiddlewaretoken", "gor", "sedd", "filer")


def _step_of(name: str, actor: Actor) -> Step:
    """The step of the table; 404 for one that does not exist or is the clock's, 403 for another role's."""
    step = ASSESSMENT.steps.get(name)
    if step is None:
        raise Http404
    if actor.role not in step.by.get(actor.party, ()):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att göra det här.")
    return step


def _guard(case: Assessment, step: Step, actor: Actor, seen: int | None) -> None:
    """Refuse now what the door would refuse, so that nobody fills in a form for nothing."""
    registered = PROCESSES["assessment"]
    duties = door.open_duties("assessment", case.pk)
    door.check(registered, case, step, actor, {d.kind for d in duties}, seen)


def _seen(request: HttpRequest) -> int | None:
    return number_in(request.POST.get("sedd"))


def _base(case: Assessment, step: Step, actor: Actor) -> dict[str, Any]:
    """What both pages of a step show: where one is and whom it concerns."""
    return {
        "case": case,
        "step": step,
        "person": access.person_of(actor, case) if case.status != "draft" else None,
        "url": f"/arenden/{case.number}/steg/{step.name}/",
        "case_url": f"/arenden/{case.number}/",
        "sees_identity": actor.sees(See.IDENTITY),
    }


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def step_page(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """A step's form. What is typed is kept as a draft at each turn, and gone when the step has been taken."""
    actor = actor_of(request)
    case, row = access.get_case(actor, number), _step_of(step, actor)
    form_class = PROCESSES["assessment"].input_of(row)
    if request.method == "GET":
        _guard(case, row, actor, None)
        kept = take_parked(request) or load_draft(case, actor, row)
        form = _unbound(form_class, case, actor, kept)
        return _show(request, case, row, actor, form, kept=bool(kept))
    try:
        _guard(case, row, actor, _seen(request))
    except (WrongState, LostRace) as refused:
        return _refused(request, case, row, actor, refused)
    if form_class is None:
        return _take(request, case, row, actor, None)
    data = _typed(request)
    form = form_class(data, subject=case, actor=actor)
    action = request.POST.get("gor", "")
    if form_class.sends:
        stage = handle_files(request, case, actor, form_class.sends, action)
        if stage is not None:
            save_draft(case, actor, row, form, data)
            if not stage.errors:
                return redirect(f"{request.path}#filer")
            return _show(request, case, row, actor, _unbound(form_class, case, actor, data), stage=stage, status=422)
    valid = form.is_valid()
    _keep(case, actor, row, form, data)
    if action == "spara" and form.keep:
        messages.success(request, "Utkastet är sparat. Du hittar det i ärendet.")
        return redirect(f"/arenden/{case.number}/")
    if not valid:
        return _show(request, case, row, actor, form, status=422)
    if row.confirm:
        return redirect(f"/arenden/{case.number}/steg/{row.name}/kontrollera/")
    return _take(request, case, row, actor, data)


def _keep(case: Assessment, actor: Actor, step: Step, form: StepForm, data: QueryDict) -> None:
    """Keep the draft; where the form says that nothing may be kept, what was kept before goes too."""
    if form.keep:
        save_draft(case, actor, step, form, data)
    else:
        drop_draft(case, actor, step)


def _typed(request: HttpRequest) -> QueryDict:
    data = request.POST.copy()
    for name in _OWN:
        data.pop(name, None)
    for name in list(data):
        # The database cannot keep a NUL, and no keyboard writes one.
        data.setlist(name, [text.replace("\0", "") for text in data.getlist(name)])
    return data


def _unbound(form_class: Any, case: Assessment, actor: Actor, kept: QueryDict | None) -> StepForm | None:
    """The form with what was kept shown, without errors yet."""
    if form_class is None:
        return None
    if not kept:
        form: StepForm = form_class(subject=case, actor=actor)
        return form
    bound: StepForm = form_class(kept, subject=case, actor=actor)
    return _quiet(bound)


def _quiet(form: StepForm) -> StepForm:
    """A bound form that shows its values and no errors."""
    form._errors = ErrorDict()  # type: ignore[attr-defined]
    form.cleaned_data = {}
    return form


def _show(
    request: HttpRequest,
    case: Assessment,
    step: Step,
    actor: Actor,
    form: StepForm | None,
    *,
    stage: StageForm | None = None,
    kept: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = _base(case, step, actor) | {"form": form, "kept": kept, "stage": stage}
    if form is not None and form.sends:
        enclosures = staged(case, actor.organisation_id, form.sends)
        context |= _files(case, enclosures, form.file_hint) | {
            "stage": stage or StageForm(kinds=form.sends),
            "file_title": form.file_title,
            "files_url": f"/arenden/{case.number}/steg/{step.name}/filer/",
            "max_mb": max_megabytes(),
        }
    if step.name == "order":
        limit = if_sent(timezone.localdate())
        context |= {"if_sent": limit.due, "if_sent_days": limit.inputs["days"], "today": timezone.localdate()}
    return render(request, "orders/step.html", context, status=status)


def _files(case: Assessment, enclosures: list[Enclosure], hint: str) -> dict[str, Any]:
    """The uploaded documents as the step's page shows them, each with how far its check has come."""
    return {
        "file_rows": rows_of(case, enclosures),
        "file_count": len(enclosures),
        "file_hint": hint,
        "page_count": page_count(enclosures),
        "files_wait": any(enclosure.document.waits for enclosure in enclosures),
    }


@require_safe
def files_piece(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """How far the check of the uploaded documents has come, as a piece of the step's page."""
    actor = actor_of(request)
    case, row = access.get_case(actor, number), _step_of(step, actor)
    form_class = PROCESSES["assessment"].input_of(row)
    if form_class is None or not form_class.sends:
        raise Http404
    context = _files(case, staged(case, actor.organisation_id, form_class.sends), form_class.file_hint)
    response = render(request, "orders/files.html", context)
    if not context["files_wait"]:
        response["X-Done"] = "1"
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def check_page(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Kontrollera dina uppgifter: the answers once more, what happens next, and the button that names the deed."""
    actor = actor_of(request)
    case, row = access.get_case(actor, number), _step_of(step, actor)
    kept = load_draft(case, actor, row)
    form_url = f"/arenden/{case.number}/steg/{row.name}/"
    form_class = PROCESSES["assessment"].input_of(row)
    shown = _fingerprint(case, actor, form_class, kept)
    if request.method == "POST":
        try:
            _guard(case, row, actor, _seen(request))
        except (WrongState, LostRace) as refused:
            return _refused(request, case, row, actor, refused)
        if request.POST.get("visat", shown) != shown:
            messages.warning(
                request, "Uppgifterna eller handlingarna har ändrats sedan du kontrollerade dem. Kontrollera igen."
            )
            return redirect(request.path)
        password = _password(request, row)
        if password is None or password.is_valid():
            if password is not None:
                sessions.renew(request)
            return _take(request, case, row, actor, kept)
    else:
        _guard(case, row, actor, None)
        password = _password(request, row)
    if not row.confirm or form_class is None or not kept:
        return redirect(form_url)
    form = form_class(kept, subject=case, actor=actor)
    if not form.is_valid():
        return redirect(form_url)
    rows = [
        {"label": label, "values": values, "change_url": f"{form_url}#id_{name}"}
        for name, label, values in form.answers()
    ]
    context = _base(case, row, actor) | {
        "rows": rows,
        "form_url": form_url,
        "warnings": form.warnings(),
        "shown": shown,
        "password": password,
    }
    if form.sends:
        enclosures = getattr(form, "enclosures", [])
        context |= {
            "enclosures": enclosures,
            "page_count": page_count(enclosures),
            "uncounted": any(e.document.pages is None for e in enclosures),
            "file_title": form.file_title,
        }
    if row.name == "order":
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


def _take(request: HttpRequest, case: Assessment, step: Step, actor: Actor, data: QueryDict | None) -> HttpResponse:
    """Through the door; then the case page with a word of what happened, or the refusal's page."""
    try:
        event = door.take("assessment", case.pk, step.name, actor, data, seen=_seen(request))
    except InvalidInput as refused:
        return _show(request, case, step, actor, refused.form, status=422)
    except Stale as refused:
        return _stale(request, case, step, actor, data, refused)
    except Refused as refused:
        return _refused(request, case, step, actor, refused)
    drop_draft(case, actor, step)
    names = names_of([event], case, actor)
    messages.success(request, f"Klart. {sentence(event, names)}")
    return redirect(f"/arenden/{case.number}/" if step.name != "hand_back" else "/att-gora/")


def _stale(
    request: HttpRequest, case: Assessment, step: Step, actor: Actor, data: QueryDict | None, refused: Stale
) -> HttpResponse:
    """What the decision rested on has changed: what is new, and the typed text kept."""
    typed = data.copy() if data is not None else QueryDict(mutable=True)
    typed["report_version"] = str(refused.facts["now"])
    form = _unbound(PROCESSES["assessment"].input_of(step), case, actor, typed)
    context = {
        "changes": [
            {
                "what": "Utlåtandets version",
                "before": f"Version {refused.facts['seen'] or 'okänd'}",
                "now": f"Version {refused.facts['now']}",
            }
        ],
        "form": form,
        "action_url": f"/arenden/{case.number}/steg/{step.name}/",
        "step_label": step.label,
        "button": "Granska och skicka igen",
        "case_url": f"/arenden/{case.number}/",
    }
    return render(request, "errors/stale.html", context, status=409)


def _refused(request: HttpRequest, case: Assessment, step: Step, actor: Actor, refused: Refused) -> HttpResponse:
    facts: list[dict[str, Any]] = [
        {"label": "Ärende", "value": case.number},
        {"label": "Du ville", "value": step.label},
    ]
    if isinstance(refused, NoRule | WrongRole):
        facts = []
    elif isinstance(refused, LostRace):
        done = ASSESSMENT.steps.get(refused.facts["done"])
        facts.append({"label": "Det som gjordes", "value": done.label if done else "En dag passerade"})
    else:
        facts.append({"label": "Status nu", "value": refused.facts.get("status_label") or case.status_label})
    return errors.refusal(request, refused, f"/arenden/{case.number}/", facts=facts)
