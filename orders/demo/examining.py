"""The deeds of the examination: visits and what becomes of them, expansions, deferrals, the professions' own sections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from accounts.roles import Role
from orders.demo import words
from orders.demo.ledger import Books, Person
from orders.demo.parties import Unit
from orders.demo.playing import Case, PartOf
from orders.processes.deferral import DEFERRAL
from orders.processes.expansion import EXPANSION
from orders.processes.visit import VISIT

OTHERS = (Role.PSYCHOLOGIST, Role.PHYSIOTHERAPIST, Role.OCCUPATIONAL_THERAPIST)
"""The professions besides the physician."""

_HOURS = (8 * 60, 10 * 60 + 15, 13 * 60, 15 * 60 + 15)
"""When visits begin: the minute of the day. An assessor's fifth visit of a day takes the first hour again."""

_LENGTH = {"physician": 120}
_INTERPRETED = (60, 90, 90, 120, 150)
_LATE = "law.late_notice_hours"


class Examination(Case):
    """The middle of a case. ``examined``: the ordinal of the latest carried-out visit; ``sections``: signed or not done."""

    unit: Unit
    agency: Person
    coordinator: Person

    def __init__(self, books: Books, rng: Random, pk: int, number: str) -> None:
        super().__init__(books, rng, pk, number)
        self.physician: Person | None = None
        self.participants: list[int] = []
        self.professions: list[Role] = []
        self.sections: dict[str, Any] = {}
        self.examined = 0

    @property
    def administrator(self) -> Person:
        """The unit's administrator."""
        return self.unit.one(Role.PERFORMER_ADMIN)

    def name_physician(self, word: str) -> None:
        """A step of the case; ``all``: everybody takes part."""
        raise NotImplementedError

    # -- visits ----------------------------------------------------------------------------------------------------

    def _assessor(self, word: str) -> tuple[str, Person]:
        """Profession and person of a word: the physician, or the n:th profession of the expansion."""
        if word == "physician":
            assert self.physician is not None
            return word, self.physician
        role = self.professions[int(word) % len(self.professions)]
        return role.value, self.unit.one(role)

    def _visit(self, word: str, ahead: int, interpreter: str) -> dict[str, Any]:
        """What booking a visit so many working days ahead sets."""
        profession, assessor = self._assessor(word)
        day, key = self.day + ahead, (assessor.user_id, self.day + ahead)
        taken = self.books.visits[key] = self.books.visits.get(key, -1) + 1
        begins = _HOURS[taken % len(_HOURS)]
        self._ends = begins + _LENGTH.get(profession, 90)
        return {
            "profession": profession,
            "interpreter": interpreter,
            "assessor_id": assessor.user_id,
            "starts_at": self.calendar.moment(day, begins),
            "ends_at": self.calendar.moment(day, self._ends),
            "video": False,
        }

    def _begin_visit(self, step: str, actor: Person, fields: dict[str, Any]) -> None:
        part = PartOf(self, VISIT)
        part.visit = {"profession": fields["profession"], "at": [fields["starts_at"], fields["ends_at"]]}
        part.free["place"] = words.PLACE
        self.parts.append(part)
        part.take(step, actor, **fields)
        self.booked = part

    def book(self, word: str) -> None:
        """``physician 5``: the profession, and how many working days ahead."""
        whose, ahead = word.split()
        interpreter = "booked" if self.fields["interpreter"] else "none"
        self._begin_visit("book", self.administrator, self._visit(whose, int(ahead), interpreter))

    def summon(self, word: str) -> None:
        """Kalla."""
        how = "post" if self.rng.random() < 0.3 else "direct"
        iso = self.calendar.iso[self.day]
        self.booked.take("summon", self.administrator, summoned_on=iso, summoned_how=how)

    def _said_of_interpreter(self, came: bool = True) -> dict[str, Any]:
        if self.booked.fields["interpreter"] == "none":
            return {}
        minutes = self.rng.choice(_INTERPRETED) if came else None
        return {"interpreter": "came" if came else "absent", "interpreter_minutes": minutes}

    def carry_out(self, word: str) -> None:
        """The visit was carried out, as is said some minutes after it."""
        self.not_before(self._ends + self.rng.randint(5, 40))
        self.booked.take("carry_out", self.administrator, **self._said_of_interpreter())
        self.examined = self.day

    def register_visit(self, word: str) -> None:
        """A visit that was never booked here."""
        assert self.physician is not None
        came = bool(self.fields["interpreter"])
        fields = self._visit("physician", 0, "came" if came else "none")
        fields["interpreter_minutes"] = self.rng.choice(_INTERPRETED) if came else None
        self.not_before(self._ends + self.rng.randint(5, 40))
        self._begin_visit("register", self.physician, fields)
        self.examined = self.day

    def no_show(self, word: str) -> None:
        """In one of its three legal forms."""
        self.not_before(self._ends)
        at = self.calendar.iso[self.day]
        self.booked.take("no_show", self.administrator, outcome=word, **self._said_of_interpreter())
        self.deviate("no_show", at)

    def interrupt(self, word: str) -> None:
        """Broken off: the interpreter did not come, or (where there was none) the insured person could not go on."""
        self.not_before(self._ends)
        absent = self.booked.fields["interpreter"] != "none"
        fields = self._said_of_interpreter(came=not absent)
        self.booked.take("interrupt", self.administrator, outcome="interpreter" if absent else "insured", **fields)

    def give_notice(self, word: str) -> None:
        """The insured person gives notice, late or not as the rule says; it is registered ten minutes later."""
        rule = self.calendar.late_notice(self.day)
        given = self.calendar.moment(self.day, self.minute - 10)
        left = datetime.fromisoformat(self.booked.fields["starts_at"]) - datetime.fromisoformat(given)
        self.booked.take(
            "cancel", self.administrator, notes=[("reason", words.NOTICE)], cancelled_by="insured", notice_at=given,
            notice_to="performer", late_notice=left < timedelta(hours=int(rule.value or 0)), late_rule=rule.code,
        )  # fmt: skip

    # -- expansion -------------------------------------------------------------------------------------------------

    def propose(self, word: str) -> None:
        """Utvidgning with ``word`` professions, of those who take part."""
        assert self.physician is not None
        others = [role for role in OTHERS if self.unit.staff[role]]
        self.professions = [role for role in others if self.unit.one(role).user_id in self.participants][: int(word)]
        if not self.professions:
            self.event_id = self.books.next_event()
            self.name_physician("all")
            self.professions = others[: int(word)]
        proposed = [role.value for role in self.professions]
        self.expansion = self.begin(EXPANSION, "propose", self.physician, notes=words.GROUNDS, professions=proposed)

    def approve(self, word: str) -> None:
        """Godkänn, with so many extra working days."""
        days, part = int(word), self.expansion
        approved = [role.value for role in self.professions]
        part.take("approve", self.agency, professions=approved, days=days, decided_on=self.calendar.iso[self.day])
        if days:
            self.extend(self.agency, part.event_id, extra=days)

    def decline_expansion(self, word: str) -> None:
        """Avslå."""
        self.expansion.take("decline", self.agency, notes=[("reason", words.NOT_EXPANDED)])

    def sign_section(self, word: str) -> None:
        """A profession signs what it found."""
        profession, person = self._assessor(word)
        said = {
            "examined_on": self.calendar.iso[self.examined], "findings": words.FINDINGS, "judgement": words.JUDGEMENT,
        }  # fmt: skip
        self._section(profession, person, said)
        self.take("sign_section", person, {"profession": profession})

    def section_not_done(self, word: str) -> None:
        """The responsible physician says that a section was not done."""
        assert self.physician is not None
        profession, _ = self._assessor(word)
        self._section(profession, self.physician, {"not_done": words.NOT_DONE})
        self.take("section_not_done", self.physician, {"profession": profession})

    def _section(self, profession: str, person: Person, said: dict[str, Any]) -> None:
        self.event_id = self.books.next_event()
        signed = {"user": person.user_id, "name": person.name, "signed_at": self.calendar.moment(self.day, self.minute)}
        self.sections[profession] = said | signed

    # -- deferral --------------------------------------------------------------------------------------------------

    def tell_risk(self, word: str) -> None:
        """A risk of so many working days' delay."""
        wished = self.calendar.iso[self.report_owed[0].last.due + int(word)]
        notes = [("reason", self.rng.choice(words.RISK))]
        self.deferral = self.begin(DEFERRAL, "tell_risk", self.administrator, notes=notes, wished=wished)

    def pass_on(self, word: str) -> None:
        """The region passes it on."""
        self.deferral.take("pass_on", self.coordinator)

    def grant(self, word: str) -> None:
        """Bevilja, to so many working days after the present last day."""
        until = self.report_owed[0].last.due + int(word)
        iso = self.calendar.iso
        self.deferral.take("grant", self.agency, until=iso[until], decided_on=iso[self.day])
        self.extend(self.agency, self.deferral.event_id, until=until)

    def grant_unasked(self, word: str) -> None:
        """Of the agency's own motion, after delivery: to the day the report came."""
        until, iso = max(self.ordinals["delivered_on"], self.report_owed[0].last.due + 1), self.calendar.iso
        part = self.begin(
            DEFERRAL, "grant_unasked", self.agency, notes=[("reason", words.OWN_MOTION)], until=iso[until],
            decided_on=iso[self.day],
        )  # fmt: skip
        self.extend(self.agency, part.event_id, until=until)


PART_DEEDS: dict[str, Callable[[Any, str], None]] = {
    name: getattr(Examination, name)
    for name in (
        "book", "summon", "carry_out", "register_visit", "no_show", "interrupt", "give_notice", "propose", "approve",
        "decline_expansion", "sign_section", "section_not_done", "tell_risk", "pass_on", "grant", "grant_unasked",
    )
}  # fmt: skip
"""Deeds that take the id of their event themselves: steps of parts, and of the case beside them."""
