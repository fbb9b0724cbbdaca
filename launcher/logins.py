"""The demonstration's logins, as printed at start."""

LOGINS = (
    ("fk.handlaggare", "Försäkringskassan, handläggare"),
    ("fk.samordnare", "Försäkringskassan, samordnare"),
    ("fk.radgivare", "Försäkringskassan, medicinsk rådgivare"),
    ("fk.controller", "Försäkringskassan, controller"),
    ("fk.attestant", "Försäkringskassan, attestant"),
    ("region.stockholm", "Region Stockholm, samordnare"),
    ("region.stockholm.ekonom", "Region Stockholm, ekonom"),
    ("region.skane", "Region Skåne, samordnare"),
    ("utforare.admin", "Utförare, administratör"),
    ("utforare.lakare", "Utförare, läkare"),
    ("utforare.psykolog", "Utförare, psykolog"),
    ("utforare.fysioterapeut", "Utförare, fysioterapeut"),
    ("utforare.arbetsterapeut", "Utförare, arbetsterapeut"),
    ("utforare.skane", "Utförare i Skåne"),
    ("admin", "Portalens administratör"),
)


def table(password: str) -> str:
    """The logins and their one password, aligned."""
    width = max(len(name) for name, _ in LOGINS)
    rows = "\n".join(f"  {name:<{width}}  {role}" for name, role in LOGINS)
    return f"Inloggningar (påhittade personer). Lösenord för alla: {password}\n{rows}"
