"""Amounts on pages: ``{% load money %}`` and ``{{ claim.cost|kronor }}``."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fmu_portal.money import kronor as in_words
from fmu_portal.templatetags.portal import NBSP

register = template.Library()


def unbroken(ore: int) -> str:
    """Öre as "18 400 kr", never broken across lines."""
    return in_words(ore).replace(" ", NBSP)


@register.filter
def kronor(ore: int | None) -> SafeString | str:
    """Öre as "18 400 kr", never broken across lines; "" for None (say in words what is missing)."""
    if ore is None:
        return ""
    return format_html('<span class="nowrap num">{}</span>', unbroken(ore))
