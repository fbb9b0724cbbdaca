"""Ready-made texts: those that the portal comes with, and an organisation's own."""

from __future__ import annotations

from accounts.models import Organisation
from accounts.roles import Role
from correspondence.models import Template

MANAGES = (Role.COORDINATOR, Role.REGION_COORDINATOR, Role.PERFORMER_ADMIN)
"""Who looks after what belongs to the whole organisation: its texts and how its shared inbox is told."""

SHIPPED = (
    (
        "Fråga om tid",
        "Hej!\n\nNär kan ni ge besked om en tid för utredningen? Det räcker med ett ungefärligt datum.\n",
    ),
    (
        "Be om en komplettering",
        "Hej!\n\nVi behöver en uppgift till för att kunna gå vidare:\n\n- \n\nSvara gärna här eller lägg till handlingen i"
        " ärendet.\n",
    ),
    ("Tack, vi återkommer", "Hej!\n\nTack för ert meddelande. Vi undersöker saken och återkommer senast den \n"),
    (
        "Ändrad kontaktperson",
        "Hej!\n\nFrån och med den  är det en ny person hos oss som har ärendet. Ni når oss som vanligt här i portalen.\n",
    ),
)
"""(name, text): plain words to start from. Every organisation has them."""


def texts_for(organisation_id: int) -> list[tuple[str, str, str]]:
    """What may be put into a message: (code, name, text), the organisation's own first."""
    own = Template.objects.filter(organisation_id=organisation_id).order_by("name", "pk")
    found = [(str(row.pk), row.name, row.text) for row in own]
    return found + [(f"p{n}", name, text) for n, (name, text) in enumerate(SHIPPED)]


def manages(role: str) -> bool:
    """Whether the role looks after the organisation's own texts and its shared inbox."""
    return role in MANAGES


def own_texts(organisation: Organisation | int) -> list[Template]:
    """The organisation's own texts by name."""
    return list(Template.objects.filter(organisation=organisation).order_by("name", "pk"))
