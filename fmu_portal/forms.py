"""Forms in FKUI markup: the renderer, the bound field that knows its ids, and fields with Swedish words.

Templates write ``{{ form.name.as_field_group }}`` (or ``{{ form }}``) after ``parts/error_summary.html``.
Optional fields are marked, not required ones; the browser's own validation is off (``novalidate``).
"""

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import Jinja2
from django.forms.utils import ErrorDict
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from jinja2 import Environment

from fmu_portal.security import not_offered
from fmu_portal.templatetags.portal import MONTHS, icon

# Widget → how the field's template draws it. The first match counts, so subclasses stand before their parents.
KINDS: tuple[tuple[type[forms.Widget], str], ...]
INPUT_CLASSES = {
    "text": "text-field__input",
    "textarea": "textarea-field__textarea",
    "select": "select-field__select",
    "file": "file-field__input",
    "radio": "radio-button__input",
    "grade": "radio-button__input",
    "checkbox": "checkbox__input",
    "checkboxes": "checkbox__input",
}
GROUPS = {"radio", "grade", "checkboxes"}


class GradeSelect(forms.RadioSelect):
    """Five squares 0–4. The choices come from the field; ``forms/grade.html`` sets it beside its reason."""


KINDS = (
    (forms.HiddenInput, "hidden"),
    (forms.MultipleHiddenInput, "hidden"),
    (GradeSelect, "grade"),
    (forms.CheckboxSelectMultiple, "checkboxes"),
    (forms.RadioSelect, "radio"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Select, "select"),
    (forms.Textarea, "textarea"),
    (forms.FileInput, "file"),
)


class PortalBoundField(BoundField):
    """A field on a page: adds FKUI's class to the input and ties help and errors to it.

    Ids: ``{auto_id}_label``, ``{auto_id}_helptext``, ``{auto_id}_error``.
    """

    @property
    def kind(self) -> str:
        """text, textarea, select, radio, checkbox, checkboxes, grade, file or hidden."""
        return next((kind for widget, kind in KINDS if isinstance(self.field.widget, widget)), "text")

    @property
    def optional(self) -> bool:
        """True when the label says "(frivilligt)".

        A single checkbox never does: leaving it empty is an answer. Nor does a field that another answer may require
        (``field.conditional``).
        """
        marks = getattr(self.form, "mark_optional", True)
        conditional = getattr(self.field, "conditional", False)
        return bool(marks) and not (self.field.required or conditional) and self.kind not in {"checkbox", "hidden"}

    @property
    def width(self) -> str:
        """The wrapper's width class, from the widget's ``data-width``: w-8, w-12, w-20, w-32 or nothing."""
        return str(self.field.widget.attrs.get("data-width", ""))

    @property
    def horizontal(self) -> bool:
        """Two or three short radio buttons ("Ja", "Nej") stand in a row; ``data-layout`` on the widget decides else."""
        layout = self.field.widget.attrs.get("data-layout")
        if layout:
            return bool(layout == "horizontal")
        labels = [str(option.choice_label) for option in self.subwidgets]
        return len(labels) <= 3 and all(len(label) <= 12 for label in labels)

    @property
    def first_input_id(self) -> str:
        """The id that the error summary links to: the first button of a group, otherwise the input."""
        own = str(self.field.widget.attrs.get("id") or self.auto_id)
        return f"{own}_0" if own and self.kind in GROUPS else own

    @property
    def chosen_label(self) -> str:
        """The words of the chosen option in a group, or ""."""
        return next((str(o.choice_label) for o in self.subwidgets if o.data.get("selected")), "")

    @property
    def described_by(self) -> str:
        """Ids of help and errors, in reading order; also what the widget itself names."""
        ids = [str(self.field.widget.attrs.get("aria-describedby", ""))]
        if self.auto_id:
            ids += [f"{self.auto_id}_helptext"] * bool(self.help_text) + [f"{self.auto_id}_error"] * bool(self.errors)
        return " ".join(i for i in ids if i)

    def beside(self, reason: BoundField) -> SafeString:
        """A grade with the reason for it."""
        return self.render("forms/grade.html", {"grade": self, "reason": reason})

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """The attributes of the input. A group carries ``aria-invalid`` and the description on its fieldset."""
        attrs = super().build_widget_attrs(attrs, widget)
        used = widget or self.field.widget
        if used is not self.field.widget or self.kind == "hidden":
            return attrs
        own = f"{INPUT_CLASSES[self.kind]} {used.attrs.get('class', '')}".strip()
        attrs.update({"class": own, "data-width": False, "data-layout": False})
        if self.kind in GROUPS:
            attrs.update({"aria-invalid": False, "aria-describedby": False})
        elif self.described_by:
            attrs["aria-describedby"] = self.described_by
        return attrs


def environment(**options: Any) -> Environment:
    """Jinja's, with the icons. It escapes by itself, as Django's does."""
    made = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701 - Django asks for autoescape
    made.globals["icon"] = icon
    return made


class Renderer(Jinja2):
    """Draws forms with ``templates/jinja/``, and what it leaves alone with Django's own templates for Jinja."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField

    @cached_property
    def engine(self) -> Any:
        own, django = settings.BASE_DIR / "templates" / "jinja", Path(forms.__file__).parent / "jinja2"
        options = {"environment": "fmu_portal.forms.environment", "auto_reload": settings.DEBUG}
        return self.backend({"APP_DIRS": False, "DIRS": [own, django], "NAME": "forms", "OPTIONS": options})


def in_sentence(label: str) -> str:
    """A label inside a sentence: "Kommun" becomes "kommun", "HSA-id" stays."""
    return label if label[1:2].isupper() or label[1:2].isdigit() else label[:1].lower() + label[1:]


def required_message(field: forms.Field, label: str) -> str:
    """What to do about an empty field: "Fyll i kommun", "Välj region", "Svara på frågan: Behövs tolk?"."""
    widget = field.widget
    if isinstance(widget, forms.FileInput):
        return "Välj en fil"
    if isinstance(widget, GradeSelect):
        return f"Välj en grad för {in_sentence(label)}"
    if isinstance(widget, forms.CheckboxInput):
        return f"Kryssa i rutan: {label}"
    if label.endswith("?"):
        return f"Svara på frågan: {label}"
    verb = "Välj" if isinstance(widget, forms.Select | forms.RadioSelect) else "Fyll i"
    return f"{verb} {in_sentence(label)}"


def about(label: str, do: str) -> str:
    """What to do, told apart by the label where errors stand together: "Sista dag från: skriv ett datum", and after a
    question as a sentence of its own."""
    return f"{label} {do}" if label.endswith("?") else f"{label}: {in_sentence(do)}"


def swedish_messages(field: forms.Field, label: str) -> dict[str, str]:
    """Messages by code, in words that say what to do. A field's own messages win over these."""
    counted = label.replace("%", "%%")  # its message is filled in
    messages = {
        "required": required_message(field, label),
        "max_length": "Skriv högst %(limit_value)d tecken. Nu är det %(show_value)d.",
        "min_length": "Skriv minst %(limit_value)d tecken. Nu är det %(show_value)d.",
        "max_value": about(counted, "Skriv ett tal som är högst %(limit_value)s"),
        "min_value": about(counted, "Skriv ett tal som är minst %(limit_value)s"),
        "max_decimals": "Skriv högst %(max)s decimaler",
        "max_digits": "Skriv högst %(max)s siffror",
        "max_whole_digits": "Skriv högst %(max)s siffror före decimaltecknet",
        "invalid_choice": "Välj ett av alternativen i listan",
        "invalid_list": "Välj bland alternativen i listan",
        "empty": "Filen är tom. Välj en annan fil.",
        "missing": "Välj en fil",
        "null_characters_not_allowed": "Ta bort dolda tecken i texten",
    }
    if isinstance(field.widget, GradeSelect):
        messages["invalid_choice"] = required_message(field, label)
    if isinstance(field, forms.EmailField):
        messages["invalid"] = "Skriv e-postadressen så här: namn@exempel.se"
    elif isinstance(field, forms.DecimalField | forms.FloatField):
        messages["invalid"] = about(label, "Skriv med siffror")
    elif isinstance(field, forms.IntegerField):
        messages["invalid"] = about(label, "Skriv ett heltal")
    elif isinstance(field, forms.DateField):
        messages["invalid"] = about(label, "Skriv ett datum, till exempel 2027-01-14")
    elif isinstance(field, forms.TimeField):
        messages["invalid"] = about(label, "Skriv ett klockslag, till exempel 10.30")
    elif isinstance(field, forms.FileField):
        messages["invalid"] = "Filen kom inte fram. Välj den igen."
    return messages


def _untouched(field: forms.Field, code: str) -> bool:
    """True when Django's own default message still stands for this code (or none at all)."""
    current = field.error_messages.get(code)
    if current is None:
        return True
    django_classes = (c for c in type(field).__mro__ if c.__module__ in ("django.forms.fields", "django.forms.models"))
    return any(vars(c).get("default_error_messages", {}).get(code) is current for c in django_classes)


class SwedishMessages:
    """Mixin for forms: no HTML ``required``, no colon after labels, and errors that say what to do."""

    use_required_attribute = False
    mark_optional = True
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            self.speak_swedish(name, field)

    def speak_swedish(self, name: str, field: forms.Field) -> None:
        """Give one field its messages. Call it too for a field that is added after ``__init__``."""
        label = str(field.label) if field.label else name.replace("_", " ").capitalize()
        for code, message in swedish_messages(field, label).items():
            if _untouched(field, code):
                field.error_messages[code] = message


class PortalForm(SwedishMessages, forms.Form):
    """The base of every form. ``mark_optional = False`` for a filter, where everything is optional."""

    def full_clean(self) -> None:
        """As Django's; what no page offers is noted in the security log."""
        super().full_clean()
        for name, errors in self.errors.as_data().items():
            if any(error.code in ("invalid_choice", "invalid_list") for error in errors):
                not_offered(str(name))


class DateInput(forms.DateInput):
    """The browser's date picker. A value that is not a date keeps its text, in a plain input."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-width": "w-12", **(attrs or {})}, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        if shown and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", shown):
            context["widget"]["type"] = "text"
        return context


class DateField(forms.DateField):
    """A date: 2027-01-14, 20270114, 14/1 2027, 14/1-2027, 14.1.2027 or 14 januari 2027."""

    widget = DateInput
    _ISO = re.compile(r"(?P<y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})")
    _SLASH = re.compile(r"(?P<d>\d{1,2})\s*[/.]\s*(?P<m>\d{1,2})\s*[ /.-]\s*(?P<y>\d{4})")
    _WORDS = re.compile(r"(?P<d>\d{1,2})\s+(?P<month>[a-zåäö]{3,})\.?\s+(?P<y>\d{4})")

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return self._within(value.date() if isinstance(value, datetime) else value)
        text = str(value).strip().lower().replace("\N{NO-BREAK SPACE}", " ")
        if len(text) > 40:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        found = self._ISO.fullmatch(text) or self._SLASH.fullmatch(text) or self._WORDS.fullmatch(text)
        if found:
            parts = found.groupdict()
            word = parts.get("month")
            month = next((n for n, m in enumerate(MONTHS, 1) if m.startswith(word)), 0) if word else int(parts["m"])
            try:
                found_day = date(int(parts["y"]), month, int(parts["d"]))
            except ValueError:
                pass
            else:
                return self._within(found_day)
        raise ValidationError(self.error_messages["invalid"], code="invalid")

    def _within(self, day: date) -> date:
        """The day, when it is one that a person can mean: 1900–2098 (the calendar of working days ends with 2099)."""
        if not 1900 <= day.year <= 2098:
            raise ValidationError(f"Kontrollera året: {day.year}.", code="invalid")
        return day

    def prepare_value(self, value: Any) -> Any:
        """A date that was typed in another form comes back as a date; what is no date keeps its text."""
        try:
            return self.to_python(value)
        except ValidationError:
            return value


class TimeInput(forms.TimeInput):
    """The browser's time picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-width": "w-8", **(attrs or {})}, format="%H:%M")


class TimeField(forms.TimeField):
    """A time of day: 10:30, 10.30 or 1030."""

    widget = TimeInput

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str):
            value = re.sub(r"^(\d{1,2})[.:]?(\d{2})$", r"\1:\2", value.strip())
        result: time | None = super().to_python(value)
        return result


class HoursField(forms.Field):
    """Hours with decimals (1,5 or 1.5), as whole minutes; None when empty. More than 24 hours is a slip of the pen."""

    _HOURS = re.compile(r"(\d{1,2})(?:[.,](\d{1,2}))?")
    default_error_messages = {"invalid": "Skriv antal timmar, till exempel 1,5", "too_many": "Skriv högst 24 timmar"}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput({"data-width": "w-8", "inputmode": "decimal", "maxlength": "6"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        found = self._HOURS.fullmatch(str(value).strip()[:10]) if str(value).isascii() else None
        if not found:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        minutes = int(found[1]) * 60 + round(int((found[2] or "0").ljust(2, "0")) * 0.6)
        if minutes > 24 * 60:
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        return minutes


class GradeField(forms.TypedChoiceField):
    """A grade 0–4 as an int, or None when it is optional and not chosen."""

    widget = GradeSelect

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("choices", [(n, str(n)) for n in range(5)])
        super().__init__(coerce=int, empty_value=None, **kwargs)


Shown = TypeVar("Shown", bound=forms.BaseForm)


def without_errors(form: Shown) -> Shown:
    """A bound form that shows its values and no errors: what was typed before, and not sent yet."""
    form._errors = ErrorDict()  # type: ignore[attr-defined]
    form.cleaned_data = {}
    return form
