"""What a step takes in: one form class gives the page, the check of the answers and the API's request body."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from accounts.actor import Actor
from fmu_portal.engine.door import Context
from fmu_portal.forms import PortalForm


class StepForm(PortalForm):
    """Input of a step: validated against the locked subject, then applied inside the door's transaction.

    ``sends`` names the kinds of document that the step sends (staged by the actor's organisation beforehand).
    A form never reads the request.
    """

    sends: tuple[str, ...] = ()
    file_title = "Handlingar"
    file_hint = ""
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The form in parts: (title, names of fields); all in one part without a title when empty."""
    conditional: tuple[str, ...] = ()
    """Fields that another answer may require: not marked as optional, and not asked once more when empty."""
    problems_at = ""
    """Where the page shows what no field owns ("#filer"); the summary of errors links to it."""
    beside = ""
    """A template that the page shows above the fields: what the person decides from."""
    renewed: tuple[str, ...] = ()
    """Hidden fields that say what the page was made from: said anew on each page that is opened, whatever was kept."""
    forgets = False
    """True where an answer is about what was shown, so that it is not given back once something newer is."""
    keep = True
    """Set to False by a form whose content must not be kept, not even as a draft."""

    def __init__(self, data: Any = None, *, subject: Any, actor: Actor, **kwargs: Any) -> None:
        self.subject, self.actor = subject, actor
        super().__init__(data, **kwargs)
        self.set_up()
        for name, field in self.fields.items():
            self.speak_swedish(name, field)
            field.conditional = name in self.conditional  # type: ignore[attr-defined]

    def parts(self) -> list[tuple[str, list[Any]]]:
        """The form's parts for the page: (title, bound fields); hidden fields are in the first."""
        hidden = [self[name] for name, field in self.fields.items() if isinstance(field.widget, forms.HiddenInput)]
        shown = [name for name, field in self.fields.items() if not isinstance(field.widget, forms.HiddenInput)]
        if not self.sections:
            return [("", [*hidden, *(self[name] for name in shown)])]
        parts = [(title, [self[name] for name in names]) for title, names in self.sections]
        parts[0] = (parts[0][0], hidden + parts[0][1])
        return parts

    def set_up(self) -> None:
        """Narrow choices to what this subject and actor allow, and propose what is known."""

    def begins(self) -> None:
        """Give a new part what it is begun with, before it is stored. Called after ``is_valid``."""

    def apply(self, context: Context) -> None:
        """Write what was said. Called after ``is_valid`` inside the door's transaction."""
        raise NotImplementedError

    def warnings(self) -> list[str]:
        """What the person should know before sending; it hinders nothing."""
        return []

    def answers(self) -> list[tuple[str, str, list[str]]]:
        """What was answered, for the page that asks once more: (field, label, lines of text)."""
        return [
            (name, str(field.label), self.shown(name))
            for name, field in self.fields.items()
            if not isinstance(field.widget, forms.HiddenInput)
            and not (name in self.conditional and self.cleaned_data.get(name) in (None, "", [], False))
        ]

    def shown(self, name: str) -> list[str]:
        """One answer in words."""
        field, value = self.fields[name], self.cleaned_data.get(name)
        if value in (None, "", []):
            return ["Inget angivet"]
        if hasattr(field, "in_words"):
            return [field.in_words(value)]
        if isinstance(field, forms.ModelMultipleChoiceField):
            return [str(item) for item in value]
        if isinstance(field, forms.ModelChoiceField):
            return [str(value)]
        if isinstance(field, forms.MultipleChoiceField):
            labels = dict(_flat(field.choices))
            return [str(labels[v]) for v in value]
        if isinstance(field, forms.TypedChoiceField | forms.ChoiceField):
            return [str(dict(_flat(field.choices)).get(str(self.data.get(self.add_prefix(name))), value))]
        if isinstance(value, bool):
            return ["Ja" if value else "Nej"]
        if isinstance(value, date):
            return [value.isoformat()]
        if isinstance(value, time):
            return [f"{value:%H.%M}"]
        return str(value).splitlines()


def _flat(choices: Any) -> list[tuple[str, str | SafeString]]:
    pairs: list[tuple[str, str | SafeString]] = []
    for key, label in choices:
        if isinstance(label, list | tuple):
            pairs += _flat(label)
        else:
            pairs.append((str(key), label))
    return pairs


def yes_no(label: str, **kwargs: Any) -> forms.TypedChoiceField:
    """A question answered with Ja or Nej; nothing is chosen beforehand."""
    return forms.TypedChoiceField(
        label=label,
        choices=[("ja", "Ja"), ("nej", "Nej")],
        coerce=lambda value: value == "ja",
        empty_value=None,
        widget=forms.RadioSelect,
        **kwargs,
    )


def long_text(label: str, rows: int = 4, **kwargs: Any) -> forms.CharField:
    """A free text of several lines, at most 4 000 characters."""
    kwargs.setdefault("max_length", 4000)
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def short_text(label: str, width: str = "w-32", **kwargs: Any) -> forms.CharField:
    """A free text of one line."""
    kwargs.setdefault("max_length", 120)
    return forms.CharField(label=label, widget=forms.TextInput(attrs={"data-width": width}), **kwargs)
