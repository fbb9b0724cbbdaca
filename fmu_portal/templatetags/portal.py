"""Tags and filters that every template has (``builtins`` in the settings): icons, dates, days left, badges.

Month and weekday names are written here, so that a page reads the same whatever locales the machine has.
Everything that comes from outside is escaped by ``format_html`` or left unsafe for the template to escape.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, TypedDict

from django import template
from django.forms import BaseForm
from django.template.base import Parser, TextNode, Token
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

    from fmu_portal.forms import PortalBoundField

register = template.Library()

WEEKDAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
MONTHS_SHORT = ("jan", "feb", "mars", "april", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec")
NUMBERS = ("noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv")
LEFT_ICONS = {"late": "error", "soon": "bell", "ok": "success"}
BADGE_TONES = {"info", "success", "warning", "error", "default"}
NBSP = "\N{NO-BREAK SPACE}"
_MONTH = "|".join((*MONTHS, *MONTHS_SHORT))
KEEP_WITH_NUMBER = re.compile(rf"(?<=\d) (?=§|kap\.|(?:{_MONTH})\b|vardag|dag|veck|sid|kronor|kr\b|MB\b|\d{{3}}(?!\d))")
KEEP_YEAR = re.compile(rf"\b({_MONTH}) (?=\d{{4}}\b)")
KEEP_AFTER_WORD = re.compile(r"(\bkl\.|§) (?=\d)")
ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
HYPHENATED_NUMBER = re.compile(r"\b(?:\d{4}-\d{6}|\d{6,8}-\d{4})\b")


class SummaryItem(TypedDict):
    """One line of the error summary: ``href`` is ``#id`` of the input to mend, or "" when there is none."""

    href: str
    text: str


def _read(thing: object, name: str) -> str:
    """``thing.name`` or ``thing["name"]`` as text; "" when it is missing or None."""
    value = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return "" if value is None else str(value)


def _local(value: date | datetime) -> date | datetime:
    """An aware moment in Swedish time; a date as it is."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _as_date(value: date | datetime) -> date:
    local = _local(value)
    return local.date() if isinstance(local, datetime) else local


def _time(stamp: str, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', stamp, words)


def day_words(value: date | datetime) -> str:
    """Plain text, for sentences in Python: "måndag 25 januari 2027"."""
    day_ = _as_date(value)
    return f"{WEEKDAYS[day_.weekday()]} {day_.day}{NBSP}{MONTHS[day_.month - 1]}{NBSP}{day_.year}"


def date_words(value: date | datetime) -> str:
    """Plain text: "25 januari 2027"."""
    day_ = _as_date(value)
    return f"{day_.day}{NBSP}{MONTHS[day_.month - 1]}{NBSP}{day_.year}"


def clock_words(value: datetime) -> str:
    """Plain text: "10.42"."""
    return f"{_local(value):%H.%M}"


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """ "måndag 25 januari 2027" in a ``<time>``."""
    return _time(_as_date(value).isoformat(), day_words(value)) if value else ""


@register.filter
def day_short(value: date | datetime | None) -> SafeString | str:
    """ "mån 25 januari" in a ``<time>``, with the year when it is not this year."""
    if not value:
        return ""
    day_ = _as_date(value)
    year = "" if day_.year == timezone.localdate().year else f"{NBSP}{day_.year}"
    words = f"{WEEKDAYS[day_.weekday()][:3]} {day_.day}{NBSP}{MONTHS[day_.month - 1]}{year}"
    return _time(day_.isoformat(), words)


@register.filter
def day_month(value: date | datetime | None) -> SafeString | str:
    """ "25 januari 2027" in a ``<time>``."""
    return _time(_as_date(value).isoformat(), date_words(value)) if value else ""


@register.filter
def iso(value: date | datetime | None) -> SafeString | str:
    """ "2027-01-25" in a ``<time>``, for dense tables and claims."""
    return _time(_as_date(value).isoformat(), _as_date(value).isoformat()) if value else ""


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """ "11 jan, 15.20" in a ``<time>``, with the year when it is not this year."""
    if not value:
        return ""
    local = _local(value)
    year = "" if local.year == timezone.localdate().year else f"{NBSP}{local.year}"
    words = f"{local.day}{NBSP}{MONTHS_SHORT[local.month - 1]}{year}, {local:%H.%M}"
    return _time(f"{local:%Y-%m-%dT%H:%M}", words)


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """ "kl. 10.42" in a ``<time>``."""
    return _time(f"{_local(value):%Y-%m-%dT%H:%M}", f"kl.{NBSP}{clock_words(value)}") if value else ""


@register.filter(needs_autoescape=True)
def nbsp(value: object, autoescape: bool = True) -> SafeString:
    """Text for a page (not for an attribute) where dates and numbers stay whole at the end of a line.

    No-break space before §, months, "vardagar", "sidor" and "kronor"; ISO dates become ``<time>``; case numbers and
    personnummer get ``nowrap``. What comes in is escaped.
    """
    words = value if isinstance(value, SafeString) else str(value)
    text = conditional_escape(words) if autoescape else words
    text = KEEP_WITH_NUMBER.sub(NBSP, text)
    text = KEEP_YEAR.sub(rf"\1{NBSP}", text)
    text = KEEP_AFTER_WORD.sub(rf"\1{NBSP}", text)
    if isinstance(value, SafeString):  # it may hold tags already: leave its attributes alone
        return mark_safe(text)  # noqa: S308 - it came in safe
    text = ISO_DATE.sub(r'<time datetime="\g<0>">\g<0></time>', text)
    return mark_safe(HYPHENATED_NUMBER.sub(r'<span class="nowrap">\g<0></span>', text))  # noqa: S308 - escaped above


@register.filter
def pages(count: int | None) -> str:
    """ "1 sida", "6 sidor"; "" when the number is not known."""
    if count is None:
        return ""
    return f"{count}{NBSP}{'sida' if count == 1 else 'sidor'}"


@register.filter
def number_word(count: int) -> str:
    """ "tre" for 3; digits above twelve."""
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else str(count)


@register.filter
def waiting(count: int | str | None) -> str:
    """ "11 att göra", "Inget att göra just nu"; words are shown as they are."""
    if isinstance(count, str):
        return count
    return f"{count} att göra" if count else "Inget att göra just nu"


@register.tag
def asset(parser: Parser, token: Token) -> TextNode:
    """The address of a file below ``static/``, named in quotes: plain text from when the template is read."""
    path = token.split_contents()[1]
    return TextNode(static(path.strip("\"'")))


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite sheet. It says nothing to a screen reader: words stand beside it. Written once a process."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#f-icon-{}"></use></svg>',
        static("vendor/fkui/spritesheet.svg"),
        name,
    )


@register.filter
def beside(grade: "PortalBoundField", reason: "BoundField") -> SafeString:
    """A grade drawn with the field of its reason."""
    return grade.beside(reason)


@register.simple_tag
def days_left(left: object) -> SafeString | str:
    """Days left as words, icon and colour: ``left`` has ``text`` and ``tone`` (late, soon, plain or ok)."""
    words = _read(left, "text")
    if not words:
        return ""
    tone = _read(left, "tone") or "plain"
    mark = icon(LEFT_ICONS[tone]) if tone in LEFT_ICONS else ""
    return format_html('<span class="left left--{}">{}<span>{}</span></span>', tone, mark, nbsp(words))


@register.simple_tag
def badge(text: str, tone: str = "default") -> SafeString:
    """A word in a frame; ``tone``: info, success, warning, error or default."""
    return format_html(
        '<span class="badge badge--{}-inverted">{}</span>', tone if tone in BADGE_TONES else "default", text
    )


@register.simple_tag
def error_items(
    forms: BaseForm | Iterable[BaseForm] | None, extra: Sequence[Mapping[str, str]] | None = None
) -> list[SummaryItem]:
    """Everything to mend in one form (or several), in the order of the page.

    ``extra`` has rows of ``{"href", "text"}`` for what stands outside the fields, such as a file in a table.
    """
    items: list[SummaryItem] = []
    for form in [forms] if isinstance(forms, BaseForm) else forms or []:
        if not isinstance(form, BaseForm) or not form.is_bound:
            continue
        place = getattr(form, "problems_at", "")
        items += [{"href": place, "text": str(text)} for text in form.non_field_errors()]
        for field in form:
            target = "" if field.is_hidden else getattr(field, "first_input_id", field.auto_id)
            items += [{"href": f"#{target}" if target else "", "text": str(text)} for text in field.errors]
    return items + [{"href": row.get("href", ""), "text": str(row["text"])} for row in extra or []]
