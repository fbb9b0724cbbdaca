"""Why a file is not accepted, in the words that its sender and its reader see. A code is stored, never the words."""

from __future__ import annotations

from fmu_portal.engine.refusals import Refused

MAX_PAGES = 2000
MAX_PIXELS = 60_000_000
"""In one image. The figures that `documents.sandbox` allows and that a file's sender reads."""


class NotOpenable(Refused):
    """The document is there, but not checked yet (``waits`` in facts) or not accepted. Nothing of it is shown."""

    code = "document_not_openable"


class Erased(NotOpenable):
    """It was there, and has been erased by its owner's decision."""

    code, status = "erased", 410
    title = "Innehållet är gallrat"

    def __init__(self, what: str = "Handlingen") -> None:
        super().__init__(f"{what} är gallrad enligt ägarens gallringsbeslut. Ärendets sida visar vilket.")


REASONS = {
    "encrypted": "Filen är krypterad eller har lösenord. Spara den utan lösenord och ladda upp den igen.",
    "damaged": "Filen är skadad och går inte att läsa. Spara om den som PDF och ladda upp den igen.",
    "empty": "Filen har inga sidor. Välj en annan fil.",
    "pages": f"Filen har fler än {MAX_PAGES:,} sidor. Dela upp den i flera filer.".replace(",", " "),
    "unpacked": "Filen blir för stor när den packas upp. Skriv ut den till en ny PDF, eller dela upp den.",
    "image": "Bilden går inte att läsa. Spara den som PDF och ladda upp den igen.",
    "pixels": f"Bilden är för stor (fler än {MAX_PIXELS // 1_000_000} miljoner bildpunkter)."
    " Spara den i lägre upplösning.",
    "type": "Filen är inte en PDF eller bild. Spara den som PDF och ladda upp den igen.",
    "active": "Filen innehåller något som inte går att ta bort på ett säkert sätt. Skriv ut den till en ny PDF.",
    "limits": "Filen gick inte att kontrollera: den tog för lång tid eller för mycket minne."
    " Skriv ut den till en ny PDF, eller dela upp den.",
    "virus": "Virusskyddet stoppade filen. Öppna den inte. Kontakta er it-avdelning och skicka handlingen på nytt.",
}
"""Code -> what is wrong and what to do."""


def reason(code: str) -> str:
    """The words of a code."""
    return REASONS.get(code, "Filen godtas inte. Spara om den som PDF och ladda upp den igen.")
