"""A cell of the overview: three hundred stand on a page, each too small for a template's tags of its own."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fmu_portal.templatetags.portal import badge, days_left, iso
from orders.overview.columns import Cell, Column

register = template.Library()


@register.simple_tag
def overview_cells(cells: list[tuple[Column, Cell]]) -> SafeString:
    """The row's ``<td>``, each with its column's name for a narrow screen."""
    return format_html_join(
        "\n",
        '<td role="cell" class="table__column" data-label="{}"><span>{}</span></td>',
        ((column.label, _content(cell)) for column, cell in cells),
    )


def _content(cell: Cell) -> SafeString:
    """The text (in a badge when it has a tone), and under it note, day and days left."""
    text = badge(cell.text, cell.tone) if cell.tone else cell.text
    note = format_html('<span class="cellnote">{}</span>', cell.note) if cell.note else ""
    if not cell.day and not cell.left:
        return format_html("{}{}", text, note)
    day = format_html("{}{}", SafeString("<br>" if cell.text and not cell.note else ""), iso(cell.day))
    gap = SafeString((" " if cell.note else "<br>") if cell.day else "")
    return format_html(
        "{}{}{}{}{}", text, note, day if cell.day else "", gap if cell.left else "", days_left(cell.left)
    )
