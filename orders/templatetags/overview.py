"""A cell of the overview: three hundred stand on a page, each too small for a template's tags of its own.

What a column or a last day says is drawn once and remembered: words of ours, never what a person is called.
"""

from datetime import date
from functools import lru_cache

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from fmu_portal.templatetags import portal
from orders.overview.columns import Cell, Column

register = template.Library()


@register.simple_tag
def overview_cells(cells: list[tuple[Column, Cell]]) -> SafeString:
    """The row's ``<td>``, each with its column's name for a narrow screen."""
    drawn = [f"{_opening(column.label)}{_content(cell)}</span></td>" for column, cell in cells]
    return mark_safe("\n".join(drawn))  # noqa: S308 - of pieces that are escaped


def _content(cell: Cell) -> str:
    """The text (in a badge when it has a tone), and under it note, day and days left."""
    drawn: str = _badge(cell.text, cell.tone) if cell.tone else escape(cell.text)
    if cell.note:
        drawn += format_html('<span class="cellnote">{}</span>', cell.note)
    if cell.day:
        drawn += f"{'<br>' if cell.text and not cell.note else ''}{_iso(cell.day)}"
    if cell.left:
        drawn += f"{(' ' if cell.note else '<br>') if cell.day else ''}{_left(cell.left.text, cell.left.tone)}"
    return drawn


@lru_cache(maxsize=100)
def _opening(label: str) -> SafeString:
    return format_html('<td role="cell" class="table__column" data-label="{}"><span>', label)


@lru_cache(maxsize=100)
def _badge(text: str, tone: str) -> SafeString:
    return portal.badge(text, tone)


@lru_cache(maxsize=2000)
def _iso(day: date) -> str:
    return portal.iso(day)


@lru_cache(maxsize=2000)
def _left(text: str, tone: str) -> str:
    return portal.days_left({"text": text, "tone": tone})
