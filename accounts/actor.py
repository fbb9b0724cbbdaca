"""Who acts: a mandate at work, or the clock. Every access question and every step is asked with one."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import COUNTED, Mandate
from accounts.permissions import See, may_see
from accounts.roles import Party, Role


@dataclass(frozen=True)
class Actor:
    """A party's person under one mandate. The ids are 0 for the clock, which is nobody's."""

    party: Party
    role: str
    organisation_id: int
    organisation_name: str = ""
    mandate_id: int = 0
    user_id: int = 0
    user_name: str = ""
    waiting: int = field(default=0, compare=False)
    """How many duties waited at the organisation when the request began, counted no further than 100."""
    counts: dict[str, int] = field(default_factory=dict, compare=False)
    """What else was counted with it, by name (see `accounts.models.COUNTED`)."""

    @classmethod
    def of(cls, mandate: Mandate) -> Actor:
        """The actor of a mandate whose user and organisation are loaded."""
        return cls(
            party=mandate.party,
            role=mandate.role,
            organisation_id=mandate.organisation_id,
            organisation_name=mandate.organisation.name,
            mandate_id=mandate.pk,
            user_id=mandate.user_id,
            user_name=mandate.user.name,
            waiting=getattr(mandate, "waiting", 0),
            counts={name: getattr(mandate, f"count_{name}", 0) for name in COUNTED},
        )

    def sees(self, what: See) -> bool:
        """Whether the role sees this part of a case (see `accounts.permissions`)."""
        return may_see(self.role, what)

    @property
    def role_label(self) -> str:
        """The role in Swedish."""
        return str(Role(self.role).label)


CLOCK = Actor(party=Party.CLOCK, role=Role.CLOCK, organisation_id=0, organisation_name="Portalens klocka")
